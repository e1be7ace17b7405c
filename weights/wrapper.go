package weights

import "strings"

// wrappers are what names begin with where the model was a part of another module when it was saved: DataParallel,
// Lightning's modules, detectors and segmenters, torch.compile.
var wrappers = []string{"module.", "model.", "backbone.", "encoder.", "_orig_mod."}

// Unwrap takes off the names of a file what wrappers put before them all: "module.", "model.", "backbone.", "encoder." and
// "_orig_mod.", one after the other. It returns a file of the shorter names, with the same tensors, and what was taken off;
// where that is nothing, f itself. [Assign] does it where names do not fit otherwise.
func Unwrap(f *File) (unwrapped *File, prefix string) {
	l, prefix := f.listing().unwrap()
	if prefix == "" {
		return f, ""
	}
	return f.under(l), prefix
}

func (l listing) unwrap() (unwrapped listing, prefix string) {
	names := l.names()
	for {
		more := ""
		for _, w := range wrappers {
			if allBegin(names, prefix+w) {
				more = w
			}
		}
		if more == "" {
			break
		}
		prefix += more
	}
	unwrapped, err := l.rename(func(name string) string { return name[len(prefix):] })
	if err != nil {
		return l, "" // nothing of a name is left
	}
	return unwrapped, prefix
}

func allBegin(names []string, prefix string) bool {
	for _, name := range names {
		if !strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return len(names) > 0
}

// fitting returns l, or l unwrapped, or that with torchvision's names, whichever has most of a model's names, and how the
// model differs from it.
func fitting(state []named, l listing) (listing, *Mismatch) {
	m := compare(state, l)
	if len(m.Missing) == 0 {
		return l, m
	}
	short, _ := l.unwrap()
	renamed, _ := short.toTorchvision()
	for _, candidate := range []listing{short, renamed} {
		if of := compare(state, candidate); len(of.Missing) < len(m.Missing) {
			l, m = candidate, of
		}
	}
	return l, m
}
