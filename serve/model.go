package serve

import (
	"context"
	"fmt"
	"time"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/infer"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel"
)

// ready is a model that answers.
type ready struct {
	*Model
	program *infer.Program
	classes int
	net     unravel.Network // to take apart; nil if it is not residual
	queue   *queue
}

// load makes a source's model ready. What panics there is an error: a running server keeps what it has.
func (s *Server) load(src Source) (r *ready, err error) {
	defer func() {
		if p := recover(); p != nil {
			r, err = nil, fmt.Errorf("panic: %v", p)
		}
	}()
	m, err := src.Load()
	if err != nil {
		return nil, err
	}
	r = &ready{Model: m, net: residual(m)}
	// For lone images: a program for batches keeps more of some layers' weights and is slower for one image. See bench/notes.md.
	if r.program, err = infer.Compile(m.Net, 1, m.H, m.W, m.C); err != nil {
		return nil, err
	}
	y, err := r.program.Run(context.Background(), nil, tensor.New(1, m.H, m.W, m.C))
	if err != nil {
		return nil, err
	}
	if y.Rank() != 2 {
		return nil, fmt.Errorf("the net gives %v for an image, and a classifier gives [1 classes]", y.Shape())
	}
	r.classes = y.Dim(1)
	if n := len(m.Classes); n != 0 && n != r.classes {
		return nil, fmt.Errorf("names of %d classes for a net of %d", n, r.classes)
	}
	r.queue = newQueue(s.cfg.Batch, s.cfg.Wait, r.batches(src.Name, s.cfg))
	return r, nil
}

// residual returns the model's net as blocks, or nil if it does not consist of residual ones.
func residual(m *Model) unravel.Network {
	net, ok := m.Net.(unravel.Network)
	if !ok {
		g, err := graph.Trace(m.Net, m.H, m.W, m.C)
		if err != nil {
			return nil
		}
		chain, err := g.Chain()
		if err != nil {
			return nil
		}
		net = chain
	}
	if net.Len() == 0 || !net.Sums(0) {
		return nil
	}
	return net
}

// batches returns what the model's queue does with a batch. One at a time runs, so they share memory.
func (r *ready) batches(name string, cfg Config) func([]*job) {
	in, out := r.H*r.W*r.C, r.classes
	x, y := make([]float32, cfg.Batch*in), make([]float32, cfg.Batch*out) // which take memory where they are touched
	return func(batch []*job) {
		n := len(batch)
		for i, j := range batch {
			copy(x[i*in:], j.x)
		}
		start := time.Now()
		if _, err := r.program.Run(context.Background(), tensor.From(y[:n*out], n, out), tensor.From(x[:n*in], n, r.H, r.W, r.C)); err != nil {
			panic(err) // its context goes on for ever
		}
		cfg.Observer.Ran(name, n, time.Since(start))
		for i, j := range batch {
			j.y = append([]float32(nil), y[i*out:(i+1)*out]...)
		}
	}
}

// outputs returns the net's outputs for inputs that have been announced, and nothing for those that are nil.
func (r *ready) outputs(ctx context.Context, inputs [][]float32) ([][]float32, error) {
	jobs := make([]*job, len(inputs))
	for i, x := range inputs {
		if x != nil {
			jobs[i] = &job{ctx: ctx, x: x, done: make(chan struct{})}
			r.queue.add(jobs[i])
		}
	}
	outputs := make([][]float32, len(inputs))
	for i, j := range jobs {
		if j == nil {
			continue
		}
		select {
		case <-j.done:
			outputs[i] = j.y
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return outputs, nil
}

// probabilities returns those of an output of the net.
func (r *ready) probabilities(y []float32) []float32 {
	if r.Probabilities {
		return y
	}
	return tensor.Softmax(nil, tensor.From(y, 1, len(y))).Data()
}

// Block says how much a block mattered for a picture: what becomes of the probability of its likeliest class when the
// block is deleted and only its skip is left (Veit et al. 2016, section 4.1).
type Block struct {
	Name    string  `json:"name"`
	Without float32 `json:"without"` // the probability without this block
	Lost    float32 `json:"lost"`    // and what it has lost by that; negative where the block spoke against the class
}

// blocks returns what each block of the net did for the probability of a class.
func (r *ready) blocks(ctx context.Context, x []float32, class int) ([]Block, error) {
	batch := data.Batch{X: tensor.From(x, 1, r.H, r.W, r.C), Labels: []int{class}}
	plans := append(unravel.DeleteEach(r.net), unravel.Whole(r.net))
	p := make([]float32, len(plans))
	study, err := unravel.NewStudy(r.net, []data.Batch{batch}, unravel.Options{OnLogits: func(plan, _ int, logits *tensor.Tensor) error {
		p[plan] = r.probabilities(logits.Data())[class]
		return nil
	}})
	if err != nil {
		return nil, err
	}
	if _, err := study.Evaluate(ctx, plans); err != nil {
		return nil, err
	}
	whole, without := p[len(p)-1], p[:len(p)-1]
	blocks := make([]Block, len(without))
	for i, q := range without {
		if q != q || whole != whole {
			return nil, errNoNumbers
		}
		blocks[i] = Block{unravel.BlockName(r.net, i), q, whole - q}
	}
	return blocks, nil
}
