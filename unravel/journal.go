package unravel

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/residuum-go/residuum/internal/filelock"
)

// ErrConflict says that two journals, or two studies with one journal, have different scores for the same plan,
// batch and net.
var ErrConflict = errors.New("unravel: journals disagree")

// Journal keeps the score of every plan and every patch on every batch in a file of JSON lines, as soon
// as it is known. A study with a journal takes from it what it holds, so a sweep that was stopped goes on
// where it was. Lines are keyed by content: net, batch, plan and seed, and the examples behind a dataset mean.
//
// Several studies of one process may share a journal, also at the same time.
type Journal struct {
	path, identity string
	lock           *filelock.Lock
	file           *os.File // to read and to cut
	out            *os.File // the same file, to append to: on Windows one that appends cannot cut

	mu       sync.Mutex
	findings map[string]finding // by key
	end      int64              // of the last whole line
	broken   error              // why no line can be added any more
}

// OpenJournal opens the journal at path, or begins it, for this process alone: until Close, or the end of the
// process, another OpenJournal of the file is an error that says who has it. identity stands for the net and how it
// is calibrated: what changes when its weights do, as [Identity] does, and when Study.Recalibrate does something
// else. A net made of another, as by [Edited], [From] or [WithHooks], needs an identity of its own; so do scores of
// another instruction set if their last digits matter. Only results of the same identity are found again; a file
// may hold those of several.
//
// The beginning of a line at the end of the file, which a crash has left there, is dropped. With anything else
// that a journal does not write the file is not a journal: the error names the line, and the file is left as it is.
func OpenJournal(path, identity string) (*Journal, error) {
	if err := regular(path); err != nil {
		return nil, fmt.Errorf("unravel: OpenJournal: %w", err)
	}
	lock, err := filelock.Acquire(path)
	if err != nil {
		return nil, fmt.Errorf("unravel: OpenJournal: %w", err)
	}
	j := &Journal{path: path, identity: identity, lock: lock, findings: map[string]finding{}}
	if err := j.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("unravel: OpenJournal: %w", err), j.release())
	}
	return j, nil
}

// open opens the file, reads it, and drops what is left of a line at its end.
func (j *Journal) open() (err error) {
	if j.file, err = os.OpenFile(j.path, os.O_RDWR|os.O_CREATE, 0o666); err != nil {
		return err
	}
	if j.out, err = os.OpenFile(j.path, os.O_WRONLY|os.O_APPEND, 0); err != nil {
		return err
	}
	if j.end, err = read(j.file, func(l line) error { return insert(j.findings, l) }); err != nil {
		return fmt.Errorf("%s: %w", j.path, err)
	}
	return j.file.Truncate(j.end)
}

// regular returns an error if there is something at path that is no file to be read and written: a pipe would block.
func regular(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	return nil
}

// Len returns the number of results in the journal.
func (j *Journal) Len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.findings)
}

// Close closes the file and lets others open it. A study that still has the journal then gets an error.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if errors.Is(j.broken, os.ErrClosed) {
		return j.broken
	}
	j.broken = fmt.Errorf("unravel: journal %s: %w", j.path, os.ErrClosed)
	if err := j.release(); err != nil {
		return fmt.Errorf("unravel: Journal.Close: %w", err)
	}
	return nil
}

// release closes what is open, and gives back the lock last.
func (j *Journal) release() error {
	var errs []error
	for _, f := range []*os.File{j.out, j.file} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(append(errs, j.lock.Release())...)
}

// find returns what is known under a key.
func (j *Journal) find(key string) (finding, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f, ok := j.findings[key]
	return f, ok
}

// add appends one result, unless it is there already. If it fails the file ends as before, and add may be tried
// again; if not even that can be had, no line can be added any more.
func (j *Journal) add(l line) error {
	text, err := l.text()
	if err != nil {
		return fmt.Errorf("unravel: journal %s: %w", j.path, err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return j.broken
	}
	if _, ok := j.findings[l.Key]; ok {
		return insert(j.findings, l) // another study was faster
	}
	if _, err := j.out.Write(text); err != nil {
		err = fmt.Errorf("unravel: journal %s: %w", j.path, err)
		if cut := j.file.Truncate(j.end); cut != nil {
			j.broken = fmt.Errorf("%w; its last line is cut short (%w): close it and open it again", err, cut)
			return j.broken
		}
		return err
	}
	j.end += int64(len(text))
	j.findings[l.Key] = l.finding
	return nil
}
