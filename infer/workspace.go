package infer

import (
	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/internal/pages"
	"github.com/residuum-go/residuum/internal/portions"
	"github.com/residuum-go/residuum/tensor"
)

// workspace is the memory of a call for some images: every buffer has its place in it, and the results of steps are views.
type workspace struct {
	memory []float32
	of     []*views // by the number of images, from one on
	found  []int32  // see indices
}

// views are the operands and results of all steps for a number of images.
type views struct {
	input, output *tensor.Tensor
	runs          []stepRun // in their order
}

// stepRun is a step for some of the images.
type stepRun struct {
	step *step
	dst  *tensor.Tensor
	in   []*tensor.Tensor
}

// workspace returns one that nobody uses.
func (p *Program) workspace() *workspace {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.free) - 1; last >= 0 {
		w := p.free[last]
		p.free = p.free[:last]
		return w
	}
	return &workspace{memory: pages.Make[float32](p.size), of: make([]*views, p.together)}
}

func (p *Program) giveBack(w *workspace) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, w)
}

// views returns those for n images.
func (w *workspace) views(p *Program, n int) *views {
	if v := w.of[n-1]; v != nil {
		return v
	}
	v := &views{input: w.view(p.input, 0, n), output: w.view(p.output, 0, n)}
	for _, part := range p.sections {
		pieces := portions.Ceil(n, part.images)
		for i := range pieces {
			first, end := portions.Share(n, i, pieces), portions.Share(n, i+1, pieces)
			for _, s := range part.steps {
				r := stepRun{step: s, dst: w.view(s.out, first, end)}
				for _, in := range s.in {
					r.in = append(r.in, w.view(in, first, end))
				}
				v.runs = append(v.runs, r)
			}
		}
	}
	w.of[n-1] = v
	return v
}

// view returns the value of images first to end.
func (w *workspace) view(v *value, first, end int) *tensor.Tensor {
	if v.known != nil {
		return v.known
	}
	b := v.in.root()
	at := b.offset
	if b.whole {
		at += first * b.size
	}
	return tensor.From(w.memory[at:at+(end-first)*b.size], graph.ShapeAt(v.shape, end-first)...)
}

// indices returns n numbers for a max pooling to say what it found.
func (w *workspace) indices(n int) []int32 {
	if cap(w.found) < n {
		w.found = make([]int32, n)
	}
	return w.found[:n]
}
