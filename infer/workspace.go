package infer

import (
	"github.com/residuum-go/residuum/graph"
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
	steps         []stepViews
}

type stepViews struct {
	dst *tensor.Tensor
	in  []*tensor.Tensor
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
	// Memory that no batch has needed yet is never touched, and so not taken from the system.
	return &workspace{memory: make([]float32, p.perImage*p.together), of: make([]*views, p.together)}
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
	view := func(v *value) *tensor.Tensor {
		if v.known != nil {
			return v.known
		}
		b := v.in.root()
		return tensor.From(w.memory[b.offset*n:][:b.size*n], graph.ShapeAt(v.shape, n)...)
	}
	v := &views{input: view(p.input), output: view(p.output)}
	for _, s := range p.steps {
		sv := stepViews{dst: view(s.out)}
		for _, in := range s.in {
			sv.in = append(sv.in, view(in))
		}
		v.steps = append(v.steps, sv)
	}
	w.of[n-1] = v
	return v
}

// indices returns n numbers for a max pooling to say what it found.
func (w *workspace) indices(n int) []int32 {
	if cap(w.found) < n {
		w.found = make([]int32, n)
	}
	return w.found[:n]
}
