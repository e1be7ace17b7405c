package weights

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/residuum-go/residuum/internal/pickle"
)

// littleEndian reports what sys_info of the legacy format says about the order of bytes.
func littleEndian(info any) (bool, error) {
	d, ok := info.(*pickle.Dict)
	if !ok {
		return false, fmt.Errorf("a %T where the description of the machine should be", info)
	}
	little, ok := d.Get("little_endian")
	if !ok {
		return true, nil
	}
	is, ok := little.(bool)
	if !ok {
		return false, fmt.Errorf("little_endian is a %T", little)
	}
	return is, nil
}

// readLegacy reads the pickles and finds the storages behind them.
func (a *torchArchive) readLegacy() error {
	d := newDecoder(io.NewSectionReader(a.r, 0, a.size), a.size, a.resolve)
	var parts [5]any
	for i, what := range [...]string{"magic number", "version", "description of the machine", "object", "list of storages"} {
		v, err := d.Decode()
		if err != nil {
			return fmt.Errorf("the %s: %w", what, err)
		}
		parts[i] = v
	}
	if parts[1] != int64(1001) {
		return fmt.Errorf("version %s of the format, want 1001", brief(parts[1]))
	}
	little, err := littleEndian(parts[2])
	if err != nil {
		return err
	}
	a.big, a.object = !little, parts[3]
	keys, ok := parts[4].(*pickle.List)
	if !ok {
		return fmt.Errorf("a %T where the list of storages should be", parts[4])
	}
	return a.place(keys.Items, d.At())
}

// place finds where the storages begin that stand one behind the other from at on, each behind its length.
func (a *torchArchive) place(keys []any, at int64) error {
	src := &source{r: a.r, at: at}
	for _, k := range keys {
		key, _ := k.(string)
		s := a.storages[key]
		if s == nil || s.at >= 0 {
			return fmt.Errorf("storage %s stands in the list, but no tensor is of it, or twice", brief(k))
		}
		if a.size-src.at < 8 {
			return fmt.Errorf("the file ends before storage %.40q", key)
		}
		b, err := src.take(8)
		if err != nil {
			return err
		}
		n := binary.LittleEndian.Uint64(b)
		if a.big {
			n = binary.BigEndian.Uint64(b)
		}
		bits := int64(formats[s.dtype].bits)
		if n != uint64(s.n) || bits == 0 || s.n > (a.size-src.at)*8/bits {
			return fmt.Errorf("storage %.40q is %d elements of %s, and its length %d, with %d bytes left", key, s.n, s.dtype, n, a.size-src.at)
		}
		s.at = src.at
		src.at += s.n * bits / 8
	}
	return nil
}
