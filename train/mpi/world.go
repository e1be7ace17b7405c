//go:build linux || darwin

package mpi

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"
)

// World is all ranks of an MPI job, as one of them sees them. It implements train.Ranks.
type World struct {
	library    *library
	rank, size int
	calls      chan exchange
	answers    chan error

	requests, statuses []byte
}

// exchange is a call of Exchange, which the goroutine of Main makes.
type exchange struct{ to, from [][]byte }

var started atomic.Bool

// Main joins the MPI job that the process was started for, calls f, and ends the process: with status 0 when f returns nil.
// An error is printed, and the status is 1; launchers then end the other ranks, as after a panic or whatever else ends a
// rank: mpirun does, and srun with -K. Do not end the process with status 0 inside f: a launcher may take that for
// success. It is an error, too, when there is no job to join: without a library, or under the launcher of another one.
//
// MPI is called from one thread, that of Main; f runs on another goroutine. A second call is a panic.
func Main(f func(*World) error) {
	if started.Swap(true) {
		panic("mpi: Main: called twice: MPI starts once in a process")
	}
	runtime.LockOSThread() // MPI's main thread is the one that has started it
	w, err := start()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	done := make(chan error)
	go func() { done <- f(w) }()
	for {
		select {
		case e := <-w.calls:
			w.answers <- w.exchange(e.to, e.from)
		case err := <-done:
			w.leave(err)
		}
	}
}

func start() (*World, error) {
	l, err := load(candidates(os.Getenv))
	if err != nil {
		return nil, err
	}
	if err := call("MPI_Init_thread", l.initThread, 0, 0, l.funneled, address(&l.out[0])); err != nil {
		return nil, err
	}
	if level := l.out[0]; uintptr(level) < l.funneled {
		err = fmt.Errorf("mpi: the library (%s) was built without threads: it provides level %d", l.name, level)
		return nil, errors.Join(err, call("MPI_Finalize", l.finalize))
	}
	if err := call("MPI_Comm_rank", l.commRank, l.world, address(&l.out[0])); err != nil {
		return nil, err
	}
	if err := call("MPI_Comm_size", l.commSize, l.world, address(&l.out[1])); err != nil {
		return nil, err
	}
	rank, size := int(l.out[0]), int(l.out[1])
	if err := l.checkSize(size, os.Getenv); err != nil {
		return nil, errors.Join(err, call("MPI_Finalize", l.finalize))
	}
	return &World{library: l, rank: rank, size: size, calls: make(chan exchange), answers: make(chan error)}, nil
}

// leave ends MPI and the process. After an error it ends without MPI: whoever waits for this rank waits for ever, so
// MPI_Finalize might, and what MPI_Abort does to the launcher may lose the message.
func (w *World) leave(err error) {
	if err == nil {
		err = call("MPI_Finalize", w.library.finalize)
	}
	if err == nil {
		w.library.end()
	}
	fmt.Fprintf(os.Stderr, "rank %d of %d: %v\n", w.rank, w.size, err)
	os.Exit(1)
}

// Rank returns the number of this process, from 0.
func (w *World) Rank() int { return w.rank }

// Size returns the number of processes.
func (w *World) Size() int { return w.size }

// Library returns which library the job runs on.
func (w *World) Library() string { return w.library.name }

// Exchange implements train.Ranks, by sends and receives of all at once. A rank that is gone ends the job: MPI aborts it.
func (w *World) Exchange(to, from [][]byte) error {
	w.calls <- exchange{to, from}
	return <-w.answers
}

// most is how many bytes go in one message; MPI counts them by an int.
const most = 1 << 30

func (w *World) exchange(to, from [][]byte) error {
	n := 0
	for r := range w.size {
		if r != w.rank {
			n += messages(to[r]) + messages(from[r])
		}
	}
	w.room(n)
	n = 0
	post := func(name string, function uintptr, all [][]byte) error {
		for i := 1; i < w.size; i++ {
			r := (w.rank + i) % w.size // not all ranks at the same one
			for b := all[r]; len(b) > 0; b = b[min(most, len(b)):] {
				err := call(name, function, address(&b[0]), uintptr(min(most, len(b))), w.library.byte, uintptr(r), 0, w.library.world,
					address(&w.requests[uintptr(n)*w.library.requestSize]))
				if err != nil {
					return err
				}
				n++
			}
		}
		return nil
	}
	if err := post("MPI_Irecv", w.library.irecv, from); err != nil {
		return err
	}
	if err := post("MPI_Isend", w.library.isend, to); err != nil {
		return err
	}
	err := w.wait(n)
	runtime.KeepAlive(to)
	runtime.KeepAlive(from)
	return err
}

// messages returns how many messages bytes are sent in.
func messages(b []byte) int { return (len(b) + most - 1) / most }

// room makes room for requests and their statuses, of which none has more than 64 bytes. Statuses are received rather
// than declined: the constants for that differ between libraries.
func (w *World) room(n int) {
	if len(w.requests) < n*8 {
		w.requests, w.statuses = bytesOf(make([]uint64, n)), bytesOf(make([]uint64, 8*n))
	}
}

// bytesOf returns the memory of words, which is aligned as they are.
func bytesOf(words []uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 8*len(words))
}

// The library moves data while it is asked whether it has: through shared memory 32 KB or so at a time. It is asked without
// pause for as long as most exchanges take, which lets other goroutines run, and then at intervals, for the sake of other
// processes: a rank may wait for another one that computes on the same core.
const (
	patience = 5 * time.Millisecond
	interval = 50 * time.Microsecond
)

// wait waits for so many requests.
func (w *World) wait(n int) error {
	if n == 0 {
		return nil
	}
	begun, eager := time.Now(), true
	for {
		all := &w.library.out[0]
		err := call("MPI_Testall", w.library.testall, uintptr(n), address(&w.requests[0]), address(all), address(&w.statuses[0]))
		if err != nil || *all != 0 {
			return err
		}
		if eager {
			eager = time.Since(begun) < patience
			runtime.Gosched()
		} else {
			time.Sleep(interval)
		}
	}
}
