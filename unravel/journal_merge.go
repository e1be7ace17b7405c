package unravel

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/residuum-go/residuum/internal/atomicfile"
	"github.com/residuum-go/residuum/internal/filelock"
)

// MergeJournals writes the union of the journals at from to the file to, which may be one of them. Lines are
// ordered by key, so merging is associative and commutative, and merging twice changes nothing. If two
// hold different scores for one key the error is ErrConflict.
//
// The journals at from may be open: a line that is being written is left out. The one at to may not be. A file
// there that is not a journal is an error; with any error it is left as it was.
func MergeJournals(to string, from ...string) error {
	if len(from) == 0 {
		return errors.New("unravel: MergeJournals: no journals to merge")
	}
	if err := regular(to); err != nil {
		return fmt.Errorf("unravel: MergeJournals: %w", err)
	}
	lock, err := filelock.Acquire(to)
	if err != nil {
		return fmt.Errorf("unravel: MergeJournals: %w", err)
	}
	defer func() { _ = lock.Release() }() // by now the new file is there, or the old one
	if err := merge(to, from); err != nil {
		return fmt.Errorf("unravel: MergeJournals: %w", err)
	}
	return nil
}

func merge(to string, from []string) error {
	if err := readFile(to, func(line) error { return nil }); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	findings := map[string]finding{}
	lines := map[string]line{}
	for _, path := range from {
		err := readFile(path, func(l line) error {
			lines[l.Key] = l
			return insert(findings, l)
		})
		if err != nil {
			return err
		}
	}
	var text bytes.Buffer
	for _, l := range slices.SortedFunc(maps.Values(lines), func(a, b line) int { return cmp.Compare(a.Key, b.Key) }) {
		one, err := l.text()
		if err != nil {
			return err
		}
		text.Write(one)
	}
	return atomicfile.Write(to, text.Bytes())
}

// readFile hands every whole line of the journal at path to take.
func readFile(path string, take func(line) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	if _, err = read(f, take); err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return errors.Join(err, f.Close())
}
