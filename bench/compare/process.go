package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/residuum-go/residuum/bench/worker"
)

// patience is how long a worker may take for one answer: compiling a deep net for training is slow.
const patience = 30 * time.Minute

// process is a running worker. Between questions it is stopped, so that its threads, which like to
// wait for work by spinning, do not disturb whoever is being measured.
type process struct {
	name   string
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr tail
	hello  worker.Reply
	ended  chan struct{} // closed when the process has, after exit is set
	exit   error
}

// start runs a worker and waits until it has introduced itself.
func start(name string, cmd *exec.Cmd) (*process, error) {
	p := &process{name: name, cmd: cmd}
	var err error
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	cmd.Stderr = &p.stderr
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p.ended = make(chan struct{})
	go func() { // ends a pending read even if a child of the worker still holds the pipe
		p.exit = cmd.Wait()
		close(p.ended)
	}()
	if p.hello, err = p.ask(context.Background(), &worker.Request{Do: "hello"}); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// ask sends a request and waits for the answer, which is an error if it says so, if the worker dies or
// if ctx is done first; only in the first case can the worker be asked again.
func (p *process) ask(ctx context.Context, q *worker.Request) (worker.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = p.cmd.Process.Kill() })()
	line, err := json.Marshal(q)
	if err != nil {
		return worker.Reply{}, err
	}
	resume(p.cmd.Process)
	defer pause(p.cmd.Process)
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return worker.Reply{}, p.died(ctx, q.Do, err)
	}
	answer, err := p.out.ReadBytes('\n')
	if err != nil {
		return worker.Reply{}, p.died(ctx, q.Do, err)
	}
	var r worker.Reply
	if err := json.Unmarshal(answer, &r); err != nil {
		return worker.Reply{}, p.died(ctx, q.Do, fmt.Errorf("answer %.80q: %w", answer, err))
	}
	if r.Error != "" {
		return r, fmt.Errorf("%s: %s: %s", p.name, q.Do, r.Error)
	}
	return r, nil
}

// errDied marks a worker that cannot be asked again.
var errDied = errors.New("worker died")

func (p *process) died(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
	if p.exit != nil {
		err = fmt.Errorf("%w (%w)", err, p.exit)
	}
	return fmt.Errorf("%s: %w at %q: %w; it last said:\n%s", p.name, errDied, doing, err, p.stderr.String())
}

// close ends the worker.
func (p *process) close() {
	resume(p.cmd.Process)
	_ = p.in.Close()
	kill := time.AfterFunc(5*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	<-p.ended
}

// tail keeps the last lines written to it.
type tail struct {
	mu   sync.Mutex
	text string
}

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	const keep = 2000
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text += string(b)
	t.text = t.text[max(0, len(t.text)-keep):]
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(t.text)
}
