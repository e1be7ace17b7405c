package weights

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

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
	var arrays *zip.Reader
	if bytes.HasPrefix(begin, []byte(zipBegin)) {
		arrays = arraysOf(r, size)
	}
	switch {
	case isTorch(begin) && arrays == nil:
		return readTorch(r, size, begin, part)
	case isTar(begin):
		return nil, errors.New("a tar archive, as PyTorch before 0.4 wrote it: load it in a newer PyTorch and save its state_dict again")
	case part != "":
		return nil, fmt.Errorf("part %q of a file that has no parts: only those of torch.save do", part)
	case arrays != nil:
		return readNPZ(arrays, size)
	case bytes.HasPrefix(begin, []byte(numpyBegin)):
		return readNPY(r, size)
	}
	return readSafetensors(r, size)
}

func readSafetensors(r io.ReaderAt, size int64) (*File, error) {
	file, entries, src, err := readHeader(r, size)
	if err != nil {
		return nil, err
	}
	src.buf = make([]byte, min(chunk, size-src.at)) // the header may be long
	for _, e := range entries {
		if formats[e.dtype].decode == nil {
			src.at += e.end - e.begin
			continue
		}
		if file.Tensors[e.name], err = e.read(src); err != nil {
			return nil, err
		}
		file.Types[e.dtype]++
	}
	return file, nil
}

// readHeader returns a file without tensors, an entry for each, in their order, and src where the first begins.
func readHeader(r io.ReaderAt, size int64) (file *File, entries []entry, src *source, err error) {
	src = &source{r: r}
	b, err := src.take(8)
	if err != nil {
		return nil, nil, nil, err
	}
	n, begin := binary.LittleEndian.Uint64(b), [8]byte(b)
	if n > maxHeader || n > uint64(size-8) {
		err := fmt.Errorf("header of %d bytes in a file of %d, at most %d allowed", n, size, maxHeader)
		return nil, nil, nil, orForeign(begin, err)
	}
	if b, err = src.take(int(n)); err != nil {
		return nil, nil, nil, err
	}
	file = &File{Tensors: map[string]*tensor.Tensor{}, Unsupported: map[string]string{}, Types: map[string]int{}}
	if entries, err = file.parseHeader(b); err != nil {
		return nil, nil, nil, orForeign(begin, err)
	}
	clear(file.Tensors)
	for _, e := range entries {
		if formats[e.dtype].decode == nil {
			file.Unsupported[e.name] = e.dtype
		}
	}
	return file, entries, src, tile(entries, size-src.at)
}

// read reads the tensor of e, at which src is.
func (e entry) read(src *source) (*tensor.Tensor, error) {
	format := formats[e.dtype]
	t := tensor.New(e.shape...)
	for part := range slices.Chunk(t.Data(), chunk/8) {
		b, err := src.take(len(part) * format.bits / 8)
		if err != nil {
			return nil, err
		}
		format.decode(part, b)
	}
	return t, nil
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

// tile sorts the entries by place and checks that they cover size bytes without gap or overlap.
func tile(entries []entry, size int64) error {
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end)) // empty ones first
	})
	at := int64(0)
	for _, e := range entries {
		if e.begin != at {
			return fmt.Errorf("tensor %.80q starts at byte %d, where the one before ends at %d", e.name, e.begin, at)
		}
		at = e.end
	}
	if at != size {
		return fmt.Errorf("tensors end at byte %d of %d", at, size)
	}
	return nil
}

// Write writes f: metadata and tensors in the order of their names, all as F32. The same content
// gives the same bytes. A file with Unsupported tensors is refused, because they would be lost.
func Write(w io.Writer, f *File) error {
	names := slices.Sorted(maps.Keys(f.Tensors))
	header, err := f.header(names)
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	buf := make([]byte, 0, 64<<10)
	for _, name := range names {
		for part := range slices.Chunk(f.Tensors[name].Data(), cap(buf)/4) {
			buf = buf[:0]
			for _, v := range part {
				buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
			}
			if _, err := w.Write(buf); err != nil {
				return err
			}
		}
	}
	return nil
}

// header returns the length and the JSON, padded with spaces so that the elements are aligned.
func (f *File) header(names []string) ([]byte, error) {
	if left := slices.Sorted(maps.Keys(f.Unsupported)); len(left) > 0 {
		name := left[0]
		return nil, fmt.Errorf("weights: tensor %q of type %s was not read, so it cannot be written: "+
			"take it out of Unsupported to leave it out", name, f.Unsupported[name])
	}
	for _, s := range slices.Concat(names, slices.Collect(maps.Keys(f.Meta)), slices.Collect(maps.Values(f.Meta))) {
		if !utf8.ValidString(s) {
			return nil, fmt.Errorf("weights: %q is not UTF-8", s)
		}
	}
	h := []byte("\x00\x00\x00\x00\x00\x00\x00\x00{")
	if len(f.Meta) > 0 {
		var meta []string
		for _, k := range slices.Sorted(maps.Keys(f.Meta)) {
			meta = append(meta, quote(k)+":"+quote(f.Meta[k]))
		}
		h = fmt.Appendf(h, "%s:{%s}", quote(metadataKey), strings.Join(meta, ","))
	}
	at := 0
	for i, name := range names {
		if name == metadataKey {
			return nil, fmt.Errorf("weights: no tensor can have the name %s", name)
		}
		if i > 0 || len(f.Meta) > 0 {
			h = append(h, ',')
		}
		t := f.Tensors[name]
		if t == nil {
			panic(fmt.Sprintf("weights: Write: tensor %q is nil", name))
		}
		if t.Rank() > maxAxes {
			return nil, fmt.Errorf("weights: tensor %q has %d axes, at most %d allowed", name, t.Rank(), maxAxes)
		}
		shape := strings.ReplaceAll(fmt.Sprint(t.Shape()), " ", ",")
		h = fmt.Appendf(h, `%s:{"dtype":"F32","shape":%s,"data_offsets":[%d,%d]}`, quote(name), shape, at, at+4*t.Len())
		at += 4 * t.Len()
	}
	h = append(h, '}')
	h = append(h, bytes.Repeat([]byte(" "), -len(h)&7)...)
	if len(h)-8 > maxHeader {
		return nil, fmt.Errorf("weights: header of %d bytes, at most %d allowed", len(h)-8, maxHeader)
	}
	binary.LittleEndian.PutUint64(h, uint64(len(h)-8))
	return h, nil
}

// quote returns s as a JSON string.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}
