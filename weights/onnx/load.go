package onnx

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/proto"

	"github.com/residuum-go/residuum/weights/onnx/internal/pb"
)

// ErrFormat says that a file is not a valid ONNX model, or one that this package cannot compute.
var ErrFormat = errors.New("not an ONNX model that can be computed")

func invalid(format string, args ...any) error {
	return fmt.Errorf("onnx: %w: %w", ErrFormat, fmt.Errorf(format, args...))
}

// Load reads the model in a file. Tensors may lie in other files of its folder, as large models have them.
func Load(path string) (*Net, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	defer root.Close()
	net, err := decode(data, folder{root})
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
	net, err := decode(data, folder{})
	if err == nil {
		err = net.check()
	}
	if err != nil {
		return nil, err
	}
	return net, nil
}

// decode reads a model and everything that can be said without the shape of its input.
func decode(data []byte, beside folder) (*Net, error) {
	var m pb.ModelProto
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, &m); err != nil {
		return nil, invalid("%w", err)
	}
	if m.Graph == nil {
		return nil, invalid("no graph")
	}
	return build(&m, beside)
}

// folder is where the external data of a model lie: nowhere, for one that was not loaded from a file.
type folder struct{ root *os.Root }

// external returns the bytes of a tensor that lie in another file: want of them, which that file must have.
func (f folder) external(t *pb.TensorProto, want int64) ([]byte, error) {
	entry := map[string]string{}
	for _, e := range t.ExternalData {
		entry[e.GetKey()] = e.GetValue()
	}
	var offset, length int64
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
	file, err := f.root.Open(entry["location"]) // os.Root holds the path inside the model's folder
	if err != nil {
		return nil, fmt.Errorf("external data: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("external data: %w", err)
	}
	if !info.Mode().IsRegular() || offset > info.Size() || want > info.Size()-offset {
		return nil, fmt.Errorf("external data: %q has %d bytes, want %d from %d on",
			entry["location"], info.Size(), want, offset)
	}
	data := make([]byte, want)
	if _, err := io.ReadFull(io.NewSectionReader(file, offset, want), data); err != nil {
		return nil, fmt.Errorf("external data: %w", err)
	}
	return data, nil
}
