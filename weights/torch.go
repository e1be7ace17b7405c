package weights

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"

	"github.com/residuum-go/residuum/internal/pickle"
	"github.com/residuum-go/residuum/tensor"
)

// The two formats of torch.save. A zip archive, of which data.pkl holds the object and data/KEY the elements of a
// storage; and, before PyTorch 1.6, pickles one behind the other: a magic number, a version, what the machine was like,
// the object, the keys of the storages; then each storage, its length before it.
// In both the object refers to storages by identities, and says of each tensor which part of which storage it is.

const (
	zipBegin    = "PK\x03\x04"
	legacyBegin = "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19." // a pickle of 0x1950a86a20f9469cfc6c
	tarMagic    = "ustar"
	tarMagicAt  = 257
)

// torchArchive is a file of torch.save in either format.
type torchArchive struct {
	r    io.ReaderAt
	size int64
	big  bool // the bytes of an element are in big-endian order

	object   any                 // what was saved, with *torchTensor for tensors
	storages map[string]*storage // by key
}

// storage is a run of elements in the file.
type storage struct {
	key   string
	dtype string // "" for one that is bytes without a type
	n     int64  // elements; bytes without a type
	at    int64  // where they begin in the file, -1 before that is known
}

// torchTensor is a part of a storage: element i, j, ... is at offset + i*stride[0] + j*stride[1] + ...
type torchTensor struct {
	storage *storage
	dtype   string
	offset  int64
	shape   []int
	stride  []int64
}

// readTorch reads a file of either format; z is nil for the older one.
func readTorch(r io.ReaderAt, size int64, z *zip.Reader, part string) (*File, error) {
	a := &torchArchive{r: r, size: size, storages: map[string]*storage{}}
	open := a.readLegacy
	if z != nil {
		open = func() error { return a.readZip(z) }
	}
	if err := open(); err != nil {
		return nil, err
	}
	file := &File{Tensors: map[string]*tensor.Tensor{}, Unsupported: map[string]string{}, Types: map[string]int{}, Meta: map[string]string{}}
	dict, err := a.part(part, file)
	if err != nil {
		return nil, err
	}
	if err := a.fill(file, dict); err != nil {
		return nil, err
	}
	return file, nil
}

// fill reads the tensors of a dictionary.
func (a *torchArchive) fill(file *File, dict *pickle.Dict) error {
	left := a.size // elements that may still be made
	for i, v := range dict.Values {
		name, ok := dict.Keys[i].(string)
		t, is := v.(*torchTensor)
		if !ok || !is {
			continue
		}
		if _, ok := elementBits(t.dtype); !ok {
			file.Unsupported[name] = t.dtype
			continue
		}
		n, err := elements(t.shape)
		if err == nil && n > uint64(left) {
			err = fmt.Errorf("shape %v, of tensors with more elements than the file has bytes", t.shape)
		}
		if err == nil {
			file.Tensors[name], err = a.elements(t)
		}
		if err != nil {
			return fmt.Errorf("tensor %.80q: %w", name, err)
		}
		file.Types[t.dtype]++
		left -= int64(n)
	}
	return nil
}

// isTar reports whether a file that begins like this is what torch.save wrote before 2018.
func isTar(begin []byte) bool {
	return len(begin) >= tarMagicAt+len(tarMagic) && string(begin[tarMagicAt:tarMagicAt+len(tarMagic)]) == tarMagic
}

// resolve turns ('storage', type, key, location, elements, view) into a storage or a part of one.
func (a *torchArchive) resolve(id any) (any, error) {
	t, ok := id.(pickle.Tuple)
	if !ok || len(t) < 5 || t[0] != "storage" {
		return nil, errors.New("a reference to something that is no storage")
	}
	kind, ok1 := t[1].(storageType)
	key, ok2 := t[2].(string)
	n, ok3 := t[4].(int64)
	if !ok1 || !ok2 || !ok3 || n < 0 {
		return nil, fmt.Errorf("a storage of a %T, a %T and a %T", t[1], t[2], t[4])
	}
	s := a.storages[key]
	if s == nil {
		s = &storage{key: key, dtype: string(kind), n: n, at: -1}
		a.storages[key] = s
	}
	if s.dtype != string(kind) || s.n != n {
		return nil, fmt.Errorf("storage %.40q is %d elements of %s and %d of %s", key, s.n, s.dtype, n, kind)
	}
	if len(t) > 5 && t[5] != nil { // (key, offset, elements), of files from before 2018
		view, ok := t[5].(pickle.Tuple)
		if !ok || len(view) != 3 {
			return nil, errors.New("a view of a storage that is not three values")
		}
		offset, ok := view[1].(int64)
		if !ok || offset < 0 || offset > n {
			return nil, fmt.Errorf("a view of storage %.40q from element %s", key, brief(view[1]))
		}
		return storageView{s, offset}, nil
	}
	return storageView{s, 0}, nil
}

// storageView is a storage from some element on.
type storageView struct {
	of     *storage
	offset int64
}

// storageType is a class such as torch.FloatStorage: the name of its element type as in formats.
type storageType string

// dtypeName is a value such as torch.float32, in the same way.
type dtypeName string
