package weights

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/residuum-go/residuum/tensor"
)

// File is what a file of weights holds: tensors by name, and text by key.
type File struct {
	// Part says which dictionary of a PyTorch file this is, by its keys with dots between: "state_dict". It is "" where
	// the file itself is one, and in safetensors, which know no others.
	Part    string
	Tensors map[string]*tensor.Tensor
	// Unsupported gives the element type of each tensor that was left in the file because its type is not
	// converted: 8-bit floats and smaller ones, complex numbers, and types that this package does not know.
	Unsupported map[string]string
	// Types counts the Tensors that had each element type in the file that was read, such as "F16". What Write writes does
	// not depend on it. It is nil where an index leaves out some of the tensors in its files.
	Types map[string]int
	// Meta is the metadata of safetensors; of a PyTorch file the numbers and strings that stand beside Part and beside
	// the dictionaries around it, such as "epoch".
	Meta map[string]string

	outlined *outline // where the elements are that Tensors lack, see Reader.Outline
}

// Elements returns how many numbers the tensors hold together.
func (f *File) Elements() int64 {
	n := int64(0)
	for _, t := range f.Tensors {
		n += int64(t.Len())
	}
	return n
}

// ErrFormat is matched, through errors.Is, by every error that says that a file is not valid.
var ErrFormat = errors.New("not a valid file of weights")

// Load reads the file at path, safetensors, what torch.save writes, or NumPy's arrays; see [Read]. If it is seen to
// change meanwhile, that is an error; one that is replaced, as Save does it, is read as it was. Where the name ends in
// .index.json, as in model.safetensors.index.json, it is the index of a model in several files: Load reads each tensor
// from the file beside the index that its weight_map names. One that is not beside it, is missing or lacks a tensor is
// an error.
func Load(path string) (*File, error) { return LoadPart(path, "") }

// LoadPart is Load for a PyTorch file of several dictionaries of tensors: it reads the one of the given name, such as
// "ema", or "model.ema" for one in another.
func LoadPart(path, part string) (*File, error) {
	load := loadOne
	if strings.HasSuffix(path, indexSuffix) {
		load = loadIndex
	}
	file, err := load(path, part)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	return file, nil
}

// opened is what load needs of an *os.File.
type opened interface {
	io.ReaderAt
	Stat() (fs.FileInfo, error)
}

func load(f opened, part string) (*File, error) {
	before, err := f.Stat()
	if err != nil {
		return nil, err
	}
	file, err := ReadPart(f, before.Size(), part)
	if err != nil {
		return nil, err
	}
	if err := unchanged(f, before); err != nil {
		return nil, err
	}
	return file, nil
}

// unchanged returns an error if f is seen to have changed since it was as before says.
func unchanged(f opened, before fs.FileInfo) error {
	after, err := f.Stat()
	if err != nil {
		return err
	}
	if after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()) {
		return errors.New("changed while it was read")
	}
	return nil
}

// Read reads a file of the given size from r: safetensors, NumPy's arrays, or what torch.save writes, of PyTorch 1.6
// and newer, a zip archive, or of 0.4 to 1.5. Elements of the types F64, F16, BF16, I64, I32, I16, I8, U64, U32, U16,
// U8 and BOOL are converted to float32; tensors of other types are named in File.Unsupported. A header that is cut,
// longer than 100 MB, not UTF-8 or not the JSON it should be, a name that occurs twice, a shape of more than 64 axes or
// that does not fit its range, and ranges that overlap or do not cover the rest of the file exactly match [ErrFormat].
// If r ends before size, the error matches [io.ErrUnexpectedEOF] instead.
//
// A PyTorch file may hold more than its state dict. Read takes the dictionary of tensors that it is, or has under a
// usual name ("state_dict", "model", "model_state_dict", "net", "module", "ema"), or has as the only one, and says so
// in File.Part; [ReadPart] takes another. Nothing in such a file is run: a name that is not among the few that weights
// need is an error with that name. Together its tensors may have as many elements as the file has bytes, which allows
// for some that share their storage.
//
// NumPy's .npy and .npz, compressed or not, are read too, arrays by their names and one that is alone as "arr_0". An
// array of Python objects is an error, and so are a header of more than 64 KiB and an archive whose arrays have more
// than 100 times its bytes.
//
// Beside the tensors, which take four bytes an element, memory is that of the header and what it describes:
// less than twenty times the header's length if it is built to take much.
func Read(r io.ReaderAt, size int64) (*File, error) { return ReadPart(r, size, "") }

// ReadPart is [Read] for one part of a PyTorch file; see [LoadPart].
func ReadPart(r io.ReaderAt, size int64, part string) (*File, error) {
	file, err := read(r, size, part)
	if err != nil && !errors.Is(err, errRead) {
		err = fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return file, err
}

var errRead = errors.New("read error")

func read(r io.ReaderAt, size int64, part string) (*File, error) {
	if size < 8 {
		return nil, fmt.Errorf("%d bytes long, too short for a header", size)
	}
	// What is allocated depends on the size, so it is not taken on trust.
	if _, err := (&source{r: r, at: size - 1}).take(1); err != nil {
		return nil, err
	}
	begin, err := (&source{r: r}).take(int(min(size, tarMagicAt+int64(len(tarMagic)))))
	if err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(begin, []byte(zipBegin)):
		return readZip(r, size, part)
	case bytes.HasPrefix(begin, []byte(legacyBegin)):
		return readTorch(r, size, nil, part)
	case isTar(begin):
		return nil, errors.New("a tar archive, as PyTorch before 0.4 wrote it: load it in a newer PyTorch and save its state_dict again")
	case part != "":
		return nil, noParts(part)
	case bytes.HasPrefix(begin, []byte(numpyBegin)):
		return readNPY(r, size)
	}
	return readSafetensors(r, size)
}

func noParts(part string) error {
	return fmt.Errorf("part %q of a file that has no parts: only those of torch.save do", part)
}

// readZip reads an archive, of NumPy's arrays or of torch.save.
func readZip(r io.ReaderAt, size int64, part string) (*File, error) {
	z, err := zip.NewReader(r, size)
	switch {
	case err != nil:
		return nil, err
	case !isNPZ(z):
		return readTorch(r, size, z, part)
	case part != "":
		return nil, noParts(part)
	}
	return readNPZ(z, size)
}

const chunk = 1 << 20 // bytes that are read at a time

// source reads from r on and on.
type source struct {
	r   io.ReaderAt
	at  int64
	buf []byte
}

// take returns the next n bytes. They are valid until the next call.
func (s *source) take(n int) ([]byte, error) {
	if n > len(s.buf) {
		s.buf = make([]byte, n)
	}
	got, err := s.r.ReadAt(s.buf[:n], s.at)
	s.at += int64(got)
	switch {
	case got == n:
		return s.buf[:n], nil
	case err == nil || err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return nil, fmt.Errorf("%w at byte %d: %w", errRead, s.at, err)
}
