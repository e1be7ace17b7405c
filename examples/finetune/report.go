package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/figure"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/train"
)

// confusion counts the pictures of each class, in rows, that the net takes for each class, in columns.
type confusion struct {
	classes []string
	counts  [][]int
}

func (j *job) confusion(ctx context.Context) (*confusion, error) {
	c := &confusion{classes: j.card.Classes}
	for range c.classes {
		c.counts = append(c.counts, make([]int, len(c.classes)))
	}
	for b := range data.Batches(j.examine, j.card.Norm, 64) {
		if b.Err != nil {
			return nil, b.Err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		for i, taken := range tensor.ArgMax(j.net.Forward(autograd.Const(b.X)).Value()) {
			c.counts[b.Labels[i]][taken]++
		}
	}
	return c, nil
}

// String returns a table of the classes: pictures, how many are right, and what the others are taken for most.
func (c *confusion) String() string {
	width := len("all")
	for _, name := range c.classes {
		width = max(width, utf8.RuneCountInString(name))
	}
	var s strings.Builder
	fmt.Fprintf(&s, "%-*s  pictures  right     mostly taken for\n", width, "class")
	all, right := 0, 0
	for i, row := range c.counts {
		n, wrong := 0, -1
		for k, count := range row {
			n += count
			if k != i && count > 0 && (wrong < 0 || count > row[wrong]) {
				wrong = k
			}
		}
		all, right = all+n, right+row[i]
		fmt.Fprintf(&s, "%-*s  %8d  %s", width, c.classes[i], n, share(row[i], n))
		if wrong >= 0 {
			fmt.Fprintf(&s, "   %s (%d)", c.classes[wrong], row[wrong])
		}
		s.WriteByte('\n')
	}
	fmt.Fprintf(&s, "%-*s  %8d  %s", width, "all", all, share(right, all))
	return s.String()
}

func share(part, whole int) string {
	if whole == 0 {
		return "      -"
	}
	return fmt.Sprintf("%5.1f %%", 100*float64(part)/float64(whole))
}

// draw writes the figures.
func draw(dir string, epochs []train.Epoch, c *confusion) error {
	curves := figure.Chart{Title: "Fine-tuning", XLabel: "epoch", YLabel: "right, %"}
	learnt, examined := figure.Series{Name: "training, varied"}, figure.Series{Name: "validation"}
	for _, e := range epochs {
		learnt.X, learnt.Y = append(learnt.X, float64(e.Number)), append(learnt.Y, 100*e.Train.Accuracy())
		examined.X, examined.Y = append(examined.X, float64(e.Number)), append(examined.Y, 100*e.Valid.Accuracy())
	}
	curves.Series = []figure.Series{learnt, examined}
	matrix := figure.Matrix{Title: "What validation pictures are taken for", XLabel: "taken for", YLabel: "class", Names: c.classes, Counts: c.counts}
	for name, f := range map[string]interface {
		SVG() ([]byte, error)
		PNG() ([]byte, error)
	}{"curves": curves, "confusion": matrix} {
		svg, err := f.SVG()
		if err != nil {
			return err
		}
		png, err := f.PNG()
		if err != nil {
			return err
		}
		for ending, content := range map[string][]byte{".svg": svg, ".png": png} {
			if err := os.WriteFile(filepath.Join(dir, name+ending), content, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
