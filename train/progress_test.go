package train

import (
	"bytes"
	"testing"
	"time"

	"github.com/residuum-go/residuum/data"
	"github.com/stretchr/testify/require"
)

// show feeds a printer ten steps of two epochs, one per tick.
func show(terminal bool, tick time.Duration) string {
	var b bytes.Buffer
	now := time.Unix(0, 0)
	p := NewPrinter(&b, "net")
	p.terminal, p.last, p.now = terminal, now, func() time.Time { return now }
	for i := range 10 {
		now = now.Add(tick)
		p.Show(Progress{Epoch: i/5 + 1, Epochs: 2, Batch: i%5 + 1, Batches: 5, Score: data.Score{Examples: 4, Correct: 1, LossSum: 402 / float64(i+1)},
			ImagesPerSecond: 1234.4, Left: time.Duration(10-i) * 1400 * time.Millisecond})
	}
	return b.String()
}

func TestPrinterPrintsALinePerEpoch(t *testing.T) {
	want := "net  epoch 1/2 100%  loss 20.1000  acc 25.0%  1234 img/s  8s left\n" +
		"net  epoch 2/2 100%  loss 10.0500  acc 25.0%  1234 img/s  1s left\n"
	require.Equal(t, want, show(false, time.Second))
	require.Contains(t, show(false, 20*time.Second), "net  epoch 1/2 40%  loss 50.2500")
}

func TestPrinterRewritesTheLineOfATerminal(t *testing.T) {
	require.Equal(t, "\rnet  epoch 1/2 60%  loss 33.5000  acc 25.0%  1234 img/s  11s left"+
		"\rnet  epoch 1/2 100%  loss 20.1000  acc 25.0%  1234 img/s  8s left\n"+
		"\rnet  epoch 2/2 60%  loss 12.5625  acc 25.0%  1234 img/s  4s left"+
		"\rnet  epoch 2/2 100%  loss 10.0500  acc 25.0%  1234 img/s  1s left\n", show(true, 40*time.Millisecond))
}

func TestPrinterCoversALongerLineAndEndsAnUnfinishedOne(t *testing.T) {
	var b bytes.Buffer
	now := time.Unix(0, 0)
	p := NewPrinter(&b, "net")
	p.terminal, p.last, p.now = true, now, func() time.Time { now = now.Add(time.Second); return now }
	p.Close()
	require.Empty(t, b.String())
	for _, loss := range []float64{12345, 1} {
		p.Show(Progress{Epoch: 1, Epochs: 1, Batch: 1, Batches: 2, Score: data.Score{Examples: 1, LossSum: loss}})
	}
	p.Close()
	p.Close()
	require.Equal(t, "\rnet  epoch 1/1 50%  loss 12345.0000  acc 0.0%  0 img/s  0s left"+
		"\rnet  epoch 1/1 50%  loss 1.0000  acc 0.0%  0 img/s  0s left    \n", b.String())
}
