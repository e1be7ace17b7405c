package program

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// show feeds an output of the given width eleven calls, one per tick, from 40 of 100 on, with a line in between.
func show(width int, tick time.Duration) string {
	var b bytes.Buffer
	now := time.Unix(0, 0)
	o := NewOutput(&b)
	o.width, o.now = width, func() time.Time { return now }
	bar := o.Bar("net  training")
	for done := 40; done <= 50; done++ {
		bar.Note("loss %.2f", 10/float64(done))
		bar.Show(done, 100)
		if done == 45 {
			o.Printf("epoch %d ends", 1)
		}
		now = now.Add(tick)
	}
	bar.Show(100, 100)
	o.Printf("net  trained")
	return b.String()
}

func TestALogHasALineNowAndThen(t *testing.T) {
	require.Equal(t, "epoch 1 ends\nnet  trained\n", show(0, time.Millisecond))
	require.Equal(t, " 42 %  net  training  4m50s left  loss 0.24\n"+
		" 44 %  net  training  4m40s left  loss 0.23\n"+
		"epoch 1 ends\n"+
		" 46 %  net  training  4m30s left  loss 0.22\n"+
		" 48 %  net  training  4m20s left  loss 0.21\n"+
		" 50 %  net  training  4m10s left  loss 0.20\n"+
		"net  trained\n", show(0, 5*time.Second))
}

// screen returns the lines that a terminal of the given width shows after it was sent text, spaces at their ends cut.
func screen(t *testing.T, text string, width int) []string {
	t.Helper()
	lines, column := [][]rune{nil}, 0
	for _, r := range text {
		last := len(lines) - 1
		switch {
		case r == '\n':
			lines, column = append(lines, nil), 0
		case r == '\r':
			column = 0
		case column < len(lines[last]):
			lines[last][column] = r
			column++
		default:
			lines[last] = append(lines[last], r)
			column++
			require.LessOrEqual(t, column, width, "a line that wraps: %q", string(lines[last]))
		}
	}
	shown := make([]string, len(lines))
	for i, l := range lines {
		shown[i] = strings.TrimRight(string(l), " ")
	}
	return shown
}

func TestATerminalHasABarBelowTheLines(t *testing.T) {
	for _, width := range []int{1, 20, 40, 80, 300} {
		text := show(width, time.Second)
		if width >= 20 { // no line that stays is longer
			require.Equal(t, []string{"epoch 1 ends", "net  trained", ""}, screen(t, text, width))
		}
	}
	text := show(80, time.Second)
	begun, _, _ := strings.Cut(text, "epoch")
	require.Contains(t, begun, "40% |████████            |  net  training  loss 0.25")
	_, rest, _ := strings.Cut(text, "ends\n")
	require.Contains(t, rest, "46% |█████████           |  net  training  54s left  loss 0.22", "the bar comes back")
}

func TestClearEndsABarThatIsNotComplete(t *testing.T) {
	var b bytes.Buffer
	o := NewOutput(&b)
	o.Clear()
	require.Empty(t, b.String())
	o.width = 80
	o.Bar("net").Show(1, 2)
	require.Contains(t, screen(t, b.String(), 80)[0], "50% |██████████          |  net")
	o.Clear()
	o.Clear()
	require.Equal(t, []string{""}, screen(t, b.String(), 80))
	o.Bar("first").Show(1, 2)
	o.Bar("second").Show(1, 4)
	require.Contains(t, screen(t, b.String(), 80)[0], "25% |█████               |  second")
}

func TestAFileIsNoTerminal(t *testing.T) {
	f, err := os.Create(t.TempDir() + "/log")
	require.NoError(t, err)
	defer f.Close()
	require.Zero(t, NewOutput(f).width)
}

func TestThousands(t *testing.T) {
	require.Equal(t, "0 999 1,000 -1,234,567", strings.Join([]string{Thousands(0), Thousands(999), Thousands(1000), Thousands(-1234567)}, " "))
}

// Names from outside do not steer the terminal.
func TestPrintable(t *testing.T) {
	for from, to := range map[string]string{
		"Zürich, 東京\n\tand more":   "Zürich, 東京\n\tand more",
		"a\x1b[31mred\x07\r\u009b": `a\x1b[31mred\a\r\u009b`,
		"it's 'quoted' \x00":       `it's 'quoted' \x00`,
	} {
		require.Equal(t, to, Printable(from))
		var said strings.Builder
		NewOutput(&said).Printf("%s", from)
		require.Equal(t, to+"\n", said.String())
	}
}
