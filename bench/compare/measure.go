package main

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/residuum-go/residuum/bench/worker"
)

// measure lets this project, the yardstick and every peer that can run a case do so in turns. It fails
// only if this project does.
func (p *peers) measure(c *Case, threads int) (Result, error) {
	if c.Op == "start" {
		return p.measureStart(c, threads)
	}
	if threads != p.threads || c.Fresh {
		p.stop()
		p.threads = threads
	}
	r := newResult(c, threads)
	inputs, err := p.writeInputs(c)
	if err != nil {
		return r, err
	}
	var ready []*participant
	for _, name := range append([]string{ours, yardstick}, p.options.peers...) {
		part, why := p.prepare(c, name, inputs)
		switch {
		case part != nil:
			ready = append(ready, part)
		case name == ours:
			return r, errors.New(why)
		case why != "":
			r.Missing[name] = why
		}
	}
	if r.Disagree, err = p.disagreement(c, ready); err != nil {
		return r, err
	}
	ready = p.takeTurns(ready, &r)
	if ready[0].name != ours {
		return r, errors.New(r.Missing[ours])
	}
	r.fill(c, ready)
	return r, nil
}

// writeInputs makes the inputs of a case, the same ones in every run.
func (p *peers) writeInputs(c *Case) ([]worker.Tensor, error) {
	source := rand.New(rand.NewPCG(1, 2))
	var inputs []worker.Tensor
	for _, in := range c.Inputs {
		v := make([]float32, in.len())
		in.Fill(source, v)
		path := filepath.Join(p.folder, "input-"+in.Name)
		if err := worker.WriteFile(path, v); err != nil {
			return nil, err
		}
		inputs = append(inputs, worker.Tensor{Name: in.Name, Shape: in.Shape, Path: path})
	}
	return inputs, nil
}

// prepare makes a worker ready for a case. It returns nil and no reason if the worker does not know the
// case, which is not remarkable.
func (p *peers) prepare(c *Case, name string, inputs []worker.Tensor) (*participant, string) {
	w, why := p.get(name)
	if w == nil {
		return nil, why
	}
	wc := &worker.Case{Op: c.Op, Args: c.Args, Threads: p.threads, Check: c.Check, Inputs: inputs, Outputs: map[string]string{}}
	if name == yardstick {
		wc = yardstickOf(c)
	} else {
		for _, out := range c.Outputs {
			wc.Outputs[out] = p.output(name, out)
		}
	}
	reply, err := w.ask(p.ctx, &worker.Request{Do: "prepare", Case: wc})
	if err != nil {
		p.failed(name, err)
		return nil, err.Error()
	}
	if reply.Unsupported {
		return nil, ""
	}
	return &participant{name: name, process: w, work: reply.Work, alone: p.threads == 1}, ""
}

func (p *peers) output(peer, name string) string {
	return filepath.Join(p.folder, "output-"+peer+"-"+name)
}

// failed shows an error at once, and forgets the worker if it is the end of it.
func (p *peers) failed(name string, err error) {
	fmt.Fprintln(os.Stderr, err)
	if errors.Is(err, errDied) {
		p.drop(name)
	}
}

// takeTurns runs the rounds and returns who came through.
func (p *peers) takeTurns(ready []*participant, r *Result) []*participant {
	done := map[string]error{}
	for _, part := range ready {
		if err := part.calibrate(p.ctx, p.options.turn); err != nil {
			done[part.name] = err
		}
	}
	for _, part := range order(ready, p.options.rounds) {
		if done[part.name] == nil && !part.enough() {
			done[part.name] = part.turn(p.ctx)
		}
	}
	for _, part := range ready {
		if done[part.name] == nil {
			done[part.name] = part.memory(p.ctx)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(done)) {
		if err := done[name]; err != nil {
			p.failed(name, err)
			r.Missing[name] = err.Error()
		}
	}
	return slices.DeleteFunc(ready, func(part *participant) bool { return done[part.name] != nil })
}
