package onnx

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/residuum-go/residuum/internal/regular"
	"github.com/residuum-go/residuum/weights/onnx/internal/pb"
)

// ErrFormat says that a file is not a valid ONNX model, or one that this package cannot compute.
var ErrFormat = errors.New("not an ONNX model that can be computed")

func invalid(format string, args ...any) error {
	return fmt.Errorf("onnx: %w: %w", ErrFormat, fmt.Errorf(format, args...))
}

// Load reads the model in a file. Tensors may lie in other files of its folder, as large models have them.
func Load(path string) (*Net, error) {
	data, err := regular.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	defer root.Close()
	net, err := decode(data, &folder{root: root})
	if err == nil {
		err = net.check()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return net, nil
}

// Read reads a model that has all its tensors within.
func Read(data []byte) (*Net, error) {
	net, err := decode(data, &folder{})
	if err == nil {
		err = net.check()
	}
	if err != nil {
		return nil, err
	}
	return net, nil
}

// decode reads a model and everything that can be said without the shape of its input.
func decode(data []byte, beside *folder) (*Net, error) {
	m, err := unmarshal(data)
	if err != nil {
		return nil, err
	}
	if m.Graph == nil {
		return nil, invalid("no graph")
	}
	return build(m, beside)
}

// folder is where the external data of a model lie: nowhere, for one that was not loaded from a file.
type folder struct {
	root *os.Root
	seen []*companion
}

// companion is a file that tensors lie in, of which they may have that many more elements.
type companion struct {
	fs.FileInfo
	left int64
}

// companion returns the one that info is of, whatever its name was.
func (f *folder) companion(info fs.FileInfo) *companion {
	for _, c := range f.seen {
		if os.SameFile(c.FileInfo, info) {
			return c
		}
	}
	c := &companion{info, info.Size()}
	f.seen = append(f.seen, c)
	return c
}

// external returns the bytes of a tensor that lie in another file: n elements of so many, which that file must have. Some
// may belong to several tensors, which together have as many elements as the file has bytes.
func (f *folder) external(t *pb.TensorProto, n, width int64) ([]byte, error) {
	entry := map[string]string{}
	for _, e := range t.ExternalData {
		entry[e.GetKey()] = e.GetValue()
	}
	var offset, length int64
	want := n * width
	length = want
	for key, to := range map[string]*int64{"offset": &offset, "length": &length} {
		if s, ok := entry[key]; ok {
			if _, err := fmt.Sscan(s, to); err != nil || *to < 0 {
				return nil, fmt.Errorf("external data: %s %q", key, s)
			}
		}
	}
	switch {
	case f.root == nil:
		return nil, errors.New("external data, of a model that was not loaded from a file")
	case length != want:
		return nil, fmt.Errorf("external data: %d bytes, want %d", length, want)
	}
	location := entry["location"]
	info, err := f.root.Stat(location) // os.Root holds the path inside the model's folder
	if err == nil {
		err = regular.Check(location, info)
	}
	if err != nil {
		return nil, fmt.Errorf("external data: %w", err)
	}
	if offset > info.Size() || want > info.Size()-offset {
		return nil, fmt.Errorf("external data: %q has %d bytes, want %d from %d on", location, info.Size(), want, offset)
	}
	c := f.companion(info)
	if c.left -= n; c.left < 0 {
		return nil, fmt.Errorf("external data: tensors with more elements than %q has bytes", location)
	}
	file, err := f.root.Open(location)
	if err != nil {
		return nil, fmt.Errorf("external data: %w", err)
	}
	defer file.Close()
	data := make([]byte, want)
	if _, err := io.ReadFull(io.NewSectionReader(file, offset, want), data); err != nil {
		return nil, fmt.Errorf("external data: %w", err)
	}
	return data, nil
}
