package tensor

import (
	"strconv"
	"strings"
)

// A tensor of more than printAll elements is printed with edge entries at both ends of a long axis.
const (
	printAll = 1000
	edge     = 3
)

// String formats the elements with five significant digits, one row per line, nested in brackets as
// NumPy does. Large tensors are abridged with "...". A tensor without elements shows its shape.
func (t *Tensor) String() string {
	if len(t.data) == 0 {
		return "[] of shape " + shapeString(t.shape)
	}
	p := printer{abridge: len(t.data) > printAll}
	p.measure(t.data, t.shape)
	p.write(t.data, t.shape, 1)
	return p.b.String()
}

type printer struct {
	b       strings.Builder
	abridge bool
	width   int
}

// shown calls f for every entry of an axis that is printed, and with -1 where some are left out.
func (p *printer) shown(n int, f func(i int)) {
	for i := 0; i < n; i++ {
		if p.abridge && n > 2*edge && i == edge {
			f(-1)
			i = n - edge
		}
		f(i)
	}
}

// measure finds the width of the widest number that is printed.
func (p *printer) measure(data []float32, shape []int) {
	if len(shape) == 0 {
		p.width = max(p.width, len(number(data[0])))
		return
	}
	row := len(data) / shape[0]
	p.shown(shape[0], func(i int) {
		if i >= 0 {
			p.measure(data[i*row:(i+1)*row], shape[1:])
		}
	})
}

func (p *printer) write(data []float32, shape []int, depth int) {
	if len(shape) == 0 {
		s := number(data[0])
		p.b.WriteString(strings.Repeat(" ", p.width-len(s)) + s)
		return
	}
	between := " "
	if len(shape) > 1 {
		between = strings.Repeat("\n", len(shape)-1) + strings.Repeat(" ", depth)
	}
	row := len(data) / shape[0]
	p.b.WriteByte('[')
	first := true
	p.shown(shape[0], func(i int) {
		if !first {
			p.b.WriteString(between)
		}
		first = false
		if i < 0 {
			p.b.WriteString("...")
			return
		}
		p.write(data[i*row:(i+1)*row], shape[1:], depth+1)
	})
	p.b.WriteByte(']')
}

// number formats v with at most five significant digits, as short as possible.
func number(v float32) string { return strconv.FormatFloat(float64(v), 'g', 5, 32) }
