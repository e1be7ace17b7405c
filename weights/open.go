package weights

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/residuum-go/residuum/internal/regular"
	"github.com/residuum-go/residuum/tensor"
)

// Reader reads single tensors of a safetensors file, or of several with an index, when they are asked for. It may be
// used by several goroutines.
type Reader struct {
	// Meta and Unsupported are as in [File].
	Meta, Unsupported map[string]string

	places map[string]place // of the tensors that can be read
	files  []*os.File
}

// place is where a tensor is.
type place struct {
	entry
	base int64 // where the bytes behind the header begin in file
	file opened
	was  fs.FileInfo // when file was opened
}

// Open opens a safetensors file, or the index of a model in several of them; see [Load]. It reads the headers, so that
// what is wrong with these is an error here, and no tensors.
func Open(path string) (*Reader, error) {
	r := &Reader{Unsupported: map[string]string{}, places: map[string]place{}}
	open := r.openFile
	if strings.HasSuffix(path, indexSuffix) {
		open = r.openIndex
	}
	if err := open(path); err != nil {
		r.Close()
		return nil, fmt.Errorf("weights: %w", err)
	}
	return r, nil
}

// openFile adds what is in a file.
func (r *Reader) openFile(path string) error {
	f, err := regular.Open(path)
	if err != nil {
		return err
	}
	r.files = append(r.files, f)
	if err := r.add(f); err != nil {
		if !errors.Is(err, errRead) {
			err = fmt.Errorf("%w: %w", ErrFormat, err)
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func (r *Reader) add(f opened) error {
	was, err := f.Stat()
	if err != nil {
		return fmt.Errorf("%w: %w", errRead, err)
	}
	if was.Size() < 8 {
		return fmt.Errorf("%d bytes long, too short for a header", was.Size())
	}
	begin, err := (&source{r: f}).take(int(min(was.Size(), int64(len(legacyBegin)))))
	if err != nil {
		return err
	}
	for _, other := range []string{zipBegin, legacyBegin, numpyBegin} {
		if bytes.HasPrefix(begin, []byte(other)) {
			return errors.New("a file of PyTorch or NumPy, which only Load reads")
		}
	}
	file, entries, src, err := readHeader(f, was.Size())
	if err != nil {
		return err
	}
	r.Meta = file.Meta
	for _, e := range entries {
		if dtype, ok := file.Unsupported[e.name]; ok {
			r.Unsupported[e.name] = dtype
		} else {
			r.places[e.name] = place{entry: e, base: src.at, file: f, was: was}
		}
	}
	return nil
}

// openIndex adds what an index names, of each file those that it is said to hold.
func (r *Reader) openIndex(path string) error {
	x, err := openIndex(path)
	if err != nil {
		return err
	}
	for _, shard := range x.files() {
		one := &Reader{Unsupported: map[string]string{}, places: map[string]place{}}
		err := one.openFile(filepath.Join(filepath.Dir(path), shard))
		r.files = append(r.files, one.files...)
		if err != nil {
			return fmt.Errorf("shard %w", err)
		}
		for name, of := range x.Shards {
			p, ok := one.places[name]
			dtype, unsupported := one.Unsupported[name]
			switch {
			case of != shard:
			case ok:
				r.places[name] = p
			case unsupported:
				r.Unsupported[name] = dtype
			default:
				return lacking(shard, name)
			}
		}
	}
	r.Meta = x.meta()
	return nil
}

// Shapes returns the names and shapes of all tensors that can be read, the shapes as in the file.
func (r *Reader) Shapes() map[string][]int {
	return r.listing().shapes
}

func (r *Reader) listing() listing {
	l := newListing()
	for name, p := range r.places {
		l.shapes[name], l.inFile[name] = p.shape, name
	}
	for name, dtype := range r.Unsupported {
		l.unsupported[name], l.inFile[name] = dtype, name
	}
	return l
}

// Tensor reads a tensor. A file that has changed since it was opened is an error; one that has become shorter
// matches [io.ErrUnexpectedEOF].
func (r *Reader) Tensor(name string) (*tensor.Tensor, error) {
	return r.tensor(name, &source{}, func(n int) []float32 { return make([]float32, n) })
}

// tensor reads a tensor by the buffer of src into memory that get returns.
func (r *Reader) tensor(name string, src *source, get func(n int) []float32) (*tensor.Tensor, error) {
	p, ok := r.places[name]
	if !ok {
		return nil, fmt.Errorf("weights: no tensor %.80q that can be read", name)
	}
	elements := (p.end - p.begin) * 8 / int64(formats[p.dtype].bits)
	t := tensor.From(get(int(elements)), p.shape...)
	src.r, src.at = p.file, p.base+p.begin
	err := p.fill(t.Data(), src)
	// A read that failed is looked into, too: that the file has changed is then the cause.
	switch changed := unchanged(p.file, p.was); {
	case err == nil:
		err = changed
	case changed != nil:
		err = fmt.Errorf("%w: %w", changed, err)
	}
	if err != nil {
		return nil, fmt.Errorf("weights: tensor %.80q: %w", name, err)
	}
	return t, nil
}

// Outline returns a file whose tensors have only names and shapes: their elements are zeros, in memory that is never
// touched. The function [Assign] reads those that it needs from the files of r, one tensor at a time, for one goroutine.
func (r *Reader) Outline() *File {
	o := &outline{reader: r, names: map[*tensor.Tensor]string{}}
	f := &File{Tensors: map[string]*tensor.Tensor{}, Unsupported: r.Unsupported, Meta: r.Meta, outlined: o}
	most := 0
	for name, p := range r.places {
		t := tensor.New(p.shape...)
		f.Tensors[name], o.names[t] = t, name
		most = max(most, t.Len())
	}
	o.elements = tensor.New(most).Data()
	return f
}

// outline knows the tensors of a file by what stands for them.
type outline struct {
	reader   *Reader
	names    map[*tensor.Tensor]string
	src      source
	elements []float32 // of the tensor that was read last; there is room for the largest
}

// read returns the tensor that t stands for, which is valid until the next call.
func (o *outline) read(t *tensor.Tensor) (*tensor.Tensor, error) {
	return o.reader.tensor(o.names[t], &o.src, func(n int) []float32 { return o.elements[:n] })
}

// Assign is the function [Assign] for a file that is not in memory: it holds one of its tensors at a time. If reading
// fails, some of the model's tensors have been filled.
func (r *Reader) Assign(state iter.Seq2[string, *tensor.Tensor]) error {
	return Assign(state, r.Outline())
}

// Close closes the files. Tensors that were read stay.
func (r *Reader) Close() error {
	var all []error
	for _, f := range r.files {
		all = append(all, f.Close())
	}
	return errors.Join(all...)
}
