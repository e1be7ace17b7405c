package worker

import (
	"fmt"
	"io"
	"os"
	"unsafe"
)

// WriteFile stores v as raw float32.
func WriteFile(path string, v []float32) error { return os.WriteFile(path, bytes(v), 0o600) }

// ReadFile reads what WriteFile wrote, into the memory that it returns: half of what a copy would take at its most.
func ReadFile(path string) ([]float32, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size()%4 != 0 {
		return nil, fmt.Errorf("worker: %s: %d bytes are no float32s", path, info.Size())
	}
	v := make([]float32, info.Size()/4)
	if _, err := io.ReadFull(f, bytes(v)); err != nil {
		return nil, fmt.Errorf("worker: %s: %w", path, err)
	}
	return v, nil
}

// bytes views v as bytes.
func bytes(v []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), 4*len(v))
}

// load reads the inputs.
func (c *Case) load() error {
	c.data = map[string][]float32{}
	for _, t := range c.Inputs {
		v, err := ReadFile(t.Path)
		if err != nil {
			return err
		}
		n := 1
		for _, d := range t.Shape {
			n *= d
		}
		if n != len(v) {
			return fmt.Errorf("worker: %s: input %s of shape %v has %d elements", c.Op, t.Name, t.Shape, len(v))
		}
		c.data[t.Name] = v
	}
	return nil
}

// save writes the outputs that are wanted.
func (c *Case) save(outputs func() map[string][]float32) error {
	if len(c.Outputs) == 0 {
		return nil
	}
	all := outputs()
	for name, path := range c.Outputs {
		v, ok := all[name]
		if !ok {
			return fmt.Errorf("worker: %s: no output %s", c.Op, name)
		}
		if err := WriteFile(path, v); err != nil {
			return err
		}
	}
	return nil
}
