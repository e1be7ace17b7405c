package weights

import (
	"archive/zip"
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/residuum-go/residuum/internal/atomicfile"
)

// Save writes f to path. The file appears whole or not at all: it is written beside path under
// another name, flushed to the disk, and then renamed, which replaces what was there in one step. A
// symbolic link stays and its target is replaced; a file keeps its permissions; a folder, a device or
// a pipe is refused. On an error what was there is as it was. A process that is killed meanwhile leaves
// at worst a hidden file .*.tmp.
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

// saveZip writes an archive of f's tensors, whose records write makes, in the order of their names.
func saveZip(path string, f *File, write func(z *zip.Writer, names []string) error) error {
	names := slices.Sorted(maps.Keys(f.Tensors))
	if err := f.checkWritable(names); err != nil {
		return err
	}
	err := atomicfile.WriteFunc(path, func(w io.Writer) error {
		z := zip.NewWriter(w)
		if err := write(z, names); err != nil {
			return err
		}
		return z.Close()
	})
	if err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	return nil
}
