package weights

import (
	"strings"

	"github.com/residuum-go/residuum/tensor"
)

// wrappers are what names begin with where the model was a part of another module when it was saved: DataParallel,
// Lightning's modules, detectors and segmenters, torch.compile.
var wrappers = []string{"module.", "model.", "backbone.", "encoder.", "_orig_mod."}

// Unwrap takes off the names of a file what wrappers put before them all: "module.", "model.", "backbone.", "encoder." and
// "_orig_mod.", one after the other. It returns a file of the shorter names, with the same tensors, and what was taken off;
// where that is nothing, f itself. [Assign] does it where names do not fit otherwise.
func Unwrap(f *File) (unwrapped *File, prefix string) {
	for {
		more := ""
		for _, w := range wrappers {
			if allBegin(f, prefix+w) {
				more = w
			}
		}
		if more == "" {
			break
		}
		prefix += more
	}
	if prefix == "" {
		return f, ""
	}
	short := *f
	short.Tensors = map[string]*tensor.Tensor{}
	for name, t := range f.Tensors {
		short.Tensors[name[len(prefix):]] = t
	}
	short.Unsupported = map[string]string{}
	for name, dtype := range f.Unsupported {
		short.Unsupported[name[len(prefix):]] = dtype
	}
	return &short, prefix
}

func allBegin(f *File, prefix string) bool {
	for name := range f.Tensors {
		if !strings.HasPrefix(name, prefix) {
			return false
		}
	}
	for name := range f.Unsupported {
		if !strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return len(f.Tensors) > 0
}

// fitting returns f, or f unwrapped, or that with torchvision's names, whichever has most of a model's names, and how the
// model differs from it.
func fitting(state []named, f *File) (*File, *Mismatch) {
	m := compare(state, f)
	if len(m.Missing) == 0 {
		return f, m
	}
	short, _ := Unwrap(f)
	renamed, _ := ToTorchvision(short)
	for _, candidate := range []*File{short, renamed} {
		if of := compare(state, candidate); len(of.Missing) < len(m.Missing) {
			f, m = candidate, of
		}
	}
	return f, m
}
