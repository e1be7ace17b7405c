// Package filelock keeps two writers from one file or folder. The lock is the operating system's, so it ends with
// the process that holds it, however that ends.
package filelock

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// HeldError says that somebody else holds the lock of a file.
type HeldError struct {
	Path   string // what the lock protects
	Holder string // who has it, as "process 4711 (veit)"
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("%s is in use by %s", e.Path, e.Holder)
}

// Lock is held from Acquire to Release, or to the end of the process.
type Lock struct {
	file *flock.Flock // of Path.lock; nil where the system has no locks
}

// Acquire takes the lock that protects the file or folder at path, which need not exist. Behind symbolic links it is
// the lock of what they lead to. If it is taken, by another process or by this one, Acquire does not wait: the error
// is a [*HeldError]. While the lock is held, a file path.lock says by whom.
//
// A system or file system without locks (js/wasm, some network file systems) grants every request.
func Acquire(path string) (*Lock, error) {
	target, err := resolve(path)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	for {
		l := &Lock{flock.New(target+".lock", flock.SetFlag(os.O_RDWR|os.O_CREATE), flock.SetPermissions(0o666))}
		got, err := l.file.TryLock()
		switch {
		case errors.Is(err, errors.ErrUnsupported):
			return &Lock{}, nil
		case err != nil:
			return nil, fmt.Errorf("lock %s: %w", path, err)
		case !got:
			return nil, &HeldError{path, l.holder()}
		}
		if l.current() {
			l.sign()
			return l, nil
		}
		// Its last holder removed the file after we opened it, so the next one will lock another.
		if err := l.file.Close(); err != nil {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
	}
}

// Release gives the lock back and removes its file.
func (l *Lock) Release() error {
	if l.file == nil {
		return nil
	}
	_ = os.Remove(l.file.Path()) // Windows keeps an open file; one that stays does no harm
	return l.file.Close()
}

// resolve follows symbolic links, also where what they lead to does not exist yet.
func resolve(path string) (string, error) {
	target, err := filepath.EvalSymlinks(path)
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return target, err
	}
	if link, err := os.Readlink(path); err == nil { // no endless chain: that is another error above
		if !filepath.IsAbs(link) {
			dir, _ := filepath.Split(path)
			link = dir + link // not shortened: dir/.. need not lead back where dir is a link
		}
		return resolve(link)
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	return filepath.Join(dir, filepath.Base(path)), err
}

// current reports whether the file that is locked is the one that others find.
func (l *Lock) current() bool {
	ours, err := l.file.Stat()
	if err != nil {
		return false
	}
	theirs, err := os.Stat(l.file.Path())
	return err == nil && os.SameFile(ours, theirs)
}

// sign writes into the lock's file who holds it, for the message to others; a lock holds unsigned too, on a disk
// that is full, say.
func (l *Lock) sign() {
	text := fmt.Sprintf("process %d (%s)\n", os.Getpid(), filepath.Base(os.Args[0]))
	_ = os.WriteFile(l.file.Path(), []byte(text), 0o666)
}

// holder reads who holds the lock. Windows does not let others read a locked file.
func (l *Lock) holder() string {
	text, err := os.ReadFile(l.file.Path())
	if name := strings.TrimSpace(string(text)); err == nil && name != "" {
		return name
	}
	return "another process"
}
