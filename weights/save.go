package weights

import (
	"bufio"
	"fmt"
	"io"

	"github.com/residuum-go/residuum/internal/atomicfile"
)

// Save writes f to path. The file appears whole or not at all: it is written beside path under
// another name, flushed to the disk, and then renamed, which replaces what was there in one step.
// A process that is killed meanwhile leaves path as it was, and at worst a file path.*.tmp.
func Save(path string, f *File) error {
	err := atomicfile.WriteFunc(path, func(w io.Writer) error {
		b := bufio.NewWriterSize(w, 1<<20)
		if err := Write(b, f); err != nil {
			return err
		}
		return b.Flush()
	})
	if err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	return nil
}
