package weights

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/residuum-go/residuum/tensor"
)

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
		t := tensor.New(e.shape...)
		if err := e.fill(t.Data(), src); err != nil {
			return nil, err
		}
		file.Tensors[e.name] = t
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
	for _, e := range entries {
		if formats[e.dtype].decode == nil {
			file.Unsupported[e.name] = e.dtype
		}
	}
	return file, entries, src, tile(entries, size-src.at)
}

// fill reads the elements of e, at which src is.
func (e entry) fill(dst []float32, src *source) error {
	return formats[e.dtype].fill(dst, false, src.take)
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
	for _, name := range names {
		if err := writeFloats(w, f.Tensors[name].Data()); err != nil {
			return err
		}
	}
	return nil
}

// writeFloats writes elements, little-endian.
func writeFloats(w io.Writer, x []float32) error {
	buf := make([]byte, 0, 4*min(max(len(x), 1), 16<<10))
	for part := range slices.Chunk(x, cap(buf)/4) {
		buf = buf[:0]
		for _, v := range part {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

// checkWritable refuses a file with tensors that would be lost, and text that no format takes.
func (f *File) checkWritable(texts []string) error {
	if left := slices.Sorted(maps.Keys(f.Unsupported)); len(left) > 0 {
		name := left[0]
		return fmt.Errorf("weights: tensor %q of type %s was not read, so it cannot be written: "+
			"take it out of Unsupported to leave it out", name, f.Unsupported[name])
	}
	for _, s := range texts {
		if !utf8.ValidString(s) {
			return fmt.Errorf("weights: %q is not UTF-8", s)
		}
	}
	return nil
}

// header returns the length and the JSON, padded with spaces so that the elements are aligned.
func (f *File) header(names []string) ([]byte, error) {
	if err := f.checkWritable(slices.Concat(names, slices.Collect(maps.Keys(f.Meta)), slices.Collect(maps.Values(f.Meta)))); err != nil {
		return nil, err
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
