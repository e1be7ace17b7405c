package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/residuum-go/residuum/tensor"
)

// File is what a safetensors file holds: tensors by name, and text by key.
type File struct {
	Tensors map[string]*tensor.Tensor
	Meta    map[string]string
}

// ErrFormat is matched, through errors.Is, by every error that says that a file is not valid
// safetensors.
var ErrFormat = errors.New("not a valid safetensors file")

// Load reads the file at path.
func Load(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	file, err := Read(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("weights: %s: %w", path, err)
	}
	return file, nil
}

// Read reads a file of the given size from r. Elements of the types F64, F16, BF16, I64, I32, I16,
// I8, U8 and BOOL are converted to float32. A header that is cut, longer than 100 MB, not UTF-8 or
// not the JSON it should be, a name that occurs twice, a shape that does not fit its range, and
// ranges that overlap or do not cover the rest of the file exactly match [ErrFormat].
func Read(r io.ReaderAt, size int64) (*File, error) {
	file, err := read(r, size)
	if err != nil && !errors.Is(err, errRead) {
		err = fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return file, err
}

var errRead = errors.New("read error")

func read(r io.ReaderAt, size int64) (*File, error) {
	fetch := func(n, at int64) ([]byte, error) {
		b := make([]byte, n)
		if _, err := r.ReadAt(b, at); err != nil && err != io.EOF {
			return nil, fmt.Errorf("%w at byte %d: %w", errRead, at, err)
		}
		return b, nil
	}
	if size < 8 {
		return nil, fmt.Errorf("%d bytes long, too short for a header", size)
	}
	b, err := fetch(8, 0)
	if err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(b)
	if n > maxHeader || n > uint64(size-8) {
		return nil, fmt.Errorf("header of %d bytes in a file of %d, at most %d allowed", n, size, maxHeader)
	}
	if b, err = fetch(int64(n), 8); err != nil {
		return nil, err
	}
	entries, meta, err := parseHeader(b)
	if err != nil {
		return nil, err
	}
	start := 8 + int64(n)
	if err := tile(entries, size-start); err != nil {
		return nil, err
	}
	file := &File{Tensors: make(map[string]*tensor.Tensor, len(entries)), Meta: meta}
	for _, e := range entries {
		raw, err := fetch(e.end-e.begin, start+e.begin)
		if err != nil {
			return nil, err
		}
		t := tensor.New(e.shape...)
		formats[e.dtype].decode(t.Data(), raw)
		file.Tensors[e.name] = t
	}
	return file, nil
}

// tile sorts the entries by place and checks that they cover size bytes without gap or overlap.
func tile(entries []entry, size int64) error {
	slices.SortStableFunc(entries, func(a, b entry) int {
		if a.begin != b.begin {
			return int(min(max(a.begin-b.begin, -1), 1))
		}
		return int(min(max(a.end-b.end, -1), 1)) // empty ones first
	})
	at := int64(0)
	for _, e := range entries {
		if e.begin != at {
			return fmt.Errorf("tensor %q starts at byte %d, where the one before ends at %d", e.name, e.begin, at)
		}
		at = e.end
	}
	if at != size {
		return fmt.Errorf("tensors end at byte %d of %d", at, size)
	}
	return nil
}

// Write writes f: metadata and tensors in the order of their names, all as F32. The same content
// gives the same bytes.
func Write(w io.Writer, f *File) error {
	names := slices.Sorted(maps.Keys(f.Tensors))
	header, err := f.header(names)
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	chunk := make([]byte, 0, 64<<10)
	for _, name := range names {
		for part := range slices.Chunk(f.Tensors[name].Data(), cap(chunk)/4) {
			chunk = chunk[:0]
			for _, v := range part {
				chunk = binary.LittleEndian.AppendUint32(chunk, math.Float32bits(v))
			}
			if _, err := w.Write(chunk); err != nil {
				return err
			}
		}
	}
	return nil
}

// header returns the length and the JSON, padded with spaces so that the elements are aligned.
func (f *File) header(names []string) ([]byte, error) {
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
