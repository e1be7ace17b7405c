package optim

import (
	"sync"

	"github.com/residuum-go/residuum/autograd"
)

// moving are the parameters that a step moves, in order: they have a gradient and are not Fixed. One that is
// listed twice, as those of a layer are that a net uses twice, is there once.
type moving struct {
	params []*autograd.Param
	seen   map[*autograd.Param]bool
}

var movings = sync.Pool{New: func() any { return &moving{seen: map[*autograd.Param]bool{}} }}

// movingOf borrows memory until done.
func movingOf(params []*autograd.Param) *moving {
	m := movings.Get().(*moving)
	for _, p := range params {
		if p.Grad != nil && !p.Fixed && !m.seen[p] {
			m.seen[p] = true
			m.params = append(m.params, p)
		}
	}
	return m
}

func (m *moving) done() {
	clear(m.seen)
	clear(m.params) // keep nothing alive
	m.params = m.params[:0]
	movings.Put(m)
}
