package main

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/examples/internal/classifier"
	"github.com/residuum-go/residuum/tensor"
)

// model is a net that classifies pictures.
type model struct{ *classifier.Model }

// answer is what the net says of a picture.
type answer struct {
	name   string
	label  string // what it is, where that is known
	err    error  // why there are no classes
	likely []data.Likely
}

// classify returns the likeliest classes of each picture. Those that can be read go through the net together.
func (m model) classify(pictures []picture, top int) []answer {
	answers := make([]answer, len(pictures))
	inputs := m.load(pictures, answers)
	var readable []int
	for i, a := range answers {
		if a.err == nil {
			readable = append(readable, i)
		}
	}
	x := tensor.New(len(readable), m.In.Height, m.In.Width, m.In.Channels)
	for row, i := range readable {
		copy(x.Slice(row, row+1).Data(), inputs[i])
	}
	probabilities := m.forward(x)
	if !m.Probabilities {
		probabilities = tensor.Softmax(nil, probabilities)
	}
	for row, i := range readable {
		a := &answers[i]
		a.likely = m.Card.Top(probabilities.Slice(row, row+1).Data(), top)
		if a.likely == nil {
			a.err = fmt.Errorf("%s: the net gives no numbers for it, but NaN or infinity", a.name)
		}
	}
	return answers
}

// forward returns the net's output for images x, in batches of the one size that the net takes, if it takes one only.
func (m model) forward(x *tensor.Tensor) *tensor.Tensor {
	if m.Batch == 0 {
		return m.Net.Forward(autograd.Const(x)).Value()
	}
	n := x.Dim(0)
	y := tensor.New(n, m.Classes)
	for lo := 0; lo < n; lo += m.Batch {
		hi := min(lo+m.Batch, n)
		part := tensor.New(m.Batch, m.In.Height, m.In.Width, m.In.Channels)
		copy(part.Data(), x.Slice(lo, hi).Data())
		out := m.Net.Forward(autograd.Const(part)).Value()
		copy(y.Slice(lo, hi).Data(), out.Data())
	}
	return y
}

// load reads pictures and makes inputs of them, as many at a time as there are processors, and writes names and errors into
// answers.
func (m model) load(pictures []picture, answers []answer) [][]float32 {
	inputs := make([][]float32, len(pictures))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var all sync.WaitGroup
	for i, p := range pictures {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			answers[i].name, answers[i].label = p.name, p.label
			photo, err := p.load()
			if err != nil {
				answers[i].err = err
				return
			}
			inputs[i] = make([]float32, m.In.Height*m.In.Width*m.In.Channels)
			m.Input(inputs[i], photo)
		})
	}
	all.Wait()
	return inputs
}
