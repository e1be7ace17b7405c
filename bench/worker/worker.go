// Package worker is the protocol between bench/compare and the processes that it measures, and the
// Go side of such a process.
//
// A worker reads one JSON object a line from its standard input and answers each with one on its
// standard output; bench/peers/worker.py speaks the same. Tensors travel as files of raw float32 in
// the machine's byte order. A worker holds one prepared case at a time and times its own calls, so that
// pipes are no part of what is measured.
package worker

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"
)

// Request is what a worker is asked to do: "hello" (say who you are), "prepare" a case, "run" it some
// times, or tell its "memory".
type Request struct {
	Do    string `json:"do"`
	Case  *Case  `json:"case,omitempty"`
	Calls int    `json:"calls,omitempty"`
}

// Reply answers a request. Error is empty when all went well. Unsupported says that the worker does
// not know how to run the case, which is no failure.
type Reply struct {
	Error       string  `json:"error,omitempty"`
	Unsupported bool    `json:"unsupported,omitempty"`
	Name        string  `json:"name,omitempty"`    // hello
	Version     string  `json:"version,omitempty"` // hello
	Work        float64 `json:"work,omitempty"`    // prepare: operations or bytes of a call, by yardsticks
	Nanoseconds int64   `json:"ns,omitempty"`      // run: of all the calls together
	Processor   int64   `json:"cpu_ns,omitempty"`  // run: the part that the process was computing, summed over threads
	BaseBytes   int64   `json:"base_bytes,omitempty"`
	PeakBytes   int64   `json:"peak_bytes,omitempty"` // memory: largest resident size since the case was ready
}

// Case is what to compute. Op and Args choose it; Inputs are given and Outputs are wanted back after
// Check calls.
type Case struct {
	Op      string            `json:"op"`
	Args    map[string]int    `json:"args"`
	Threads int               `json:"threads"`
	Check   int               `json:"check"`
	Inputs  []Tensor          `json:"inputs"`
	Outputs map[string]string `json:"outputs"` // name to file

	data map[string][]float32
}

// Tensor is an input: images are [N H W C], weights of convolutions [R S C K].
type Tensor struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
	Path  string `json:"path"`
}

// Arg returns an argument, which must be there.
func (c *Case) Arg(name string) int {
	v, ok := c.Args[name]
	if !ok {
		panic(fmt.Sprintf("worker: case %s has no argument %s", c.Op, name))
	}
	return v
}

// Input returns the elements of an input, which must be there.
func (c *Case) Input(name string) []float32 {
	v, ok := c.data[name]
	if !ok {
		panic(fmt.Sprintf("worker: case %s has no input %s", c.Op, name))
	}
	return v
}

// Ready is a prepared case.
type Ready struct {
	Call    func()
	Outputs func() map[string][]float32 // of the calls so far; may be nil
	Work    float64
}

// Prepare makes a case ready. It may panic.
type Prepare func(c *Case) Ready

// ErrUnsupported is what Prepare panics with for a case it cannot run.
var ErrUnsupported = errors.New("unsupported")

// Serve answers requests until in ends.
func Serve(in io.Reader, out io.Writer, name, version string, ops map[string]Prepare) error {
	s := &server{hello: Reply{Name: name, Version: version}, ops: ops, base: Resident("VmRSS")}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<24)
	encoder := json.NewEncoder(out)
	for lines.Scan() {
		var q Request
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return fmt.Errorf("worker: request: %w", err)
		}
		if err := encoder.Encode(s.answer(&q)); err != nil {
			return fmt.Errorf("worker: reply: %w", err)
		}
	}
	return lines.Err()
}

type server struct {
	hello Reply
	ops   map[string]Prepare
	ready Ready
	base  int64
}

// answer turns a panic into an error that the other side can show.
func (s *server) answer(q *Request) (r Reply) {
	defer func() {
		switch p := recover(); {
		case p == nil:
		case p == ErrUnsupported:
			r = Reply{Unsupported: true}
		default:
			r = Reply{Error: fmt.Sprintf("%v\n%s", p, debug.Stack())}
		}
	}()
	switch q.Do {
	case "hello":
		return s.hello
	case "prepare":
		return s.prepare(q.Case)
	case "run":
		cpu, start := ProcessorTime(), time.Now()
		for range q.Calls {
			s.ready.Call()
		}
		return Reply{Nanoseconds: int64(time.Since(start)), Processor: int64(ProcessorTime() - cpu)}
	case "memory":
		return Reply{BaseBytes: s.base, PeakBytes: Resident("VmHWM")}
	}
	return Reply{Error: "unknown request " + q.Do}
}

func (s *server) prepare(c *Case) Reply {
	s.ready = Ready{}
	debug.FreeOSMemory() // the case before must not count
	op, ok := s.ops[c.Op]
	if !ok {
		return Reply{Unsupported: true}
	}
	var err error
	if s.ready, err = c.prepare(op); err != nil {
		return Reply{Error: err.Error()}
	}
	resetPeak()
	return Reply{Work: s.ready.Work}
}

// Check does what a worker does to prepare a case: it reads the inputs, makes Check calls and writes
// the outputs.
func Check(c *Case, op Prepare) error {
	_, err := c.prepare(op)
	return err
}

func (c *Case) prepare(op Prepare) (Ready, error) {
	if err := c.load(); err != nil {
		return Ready{}, err
	}
	ready := op(c)
	c.data = nil
	for range max(c.Check, 1) {
		ready.Call()
	}
	return ready, c.save(ready.Outputs)
}
