package weights

import (
	"fmt"
	"strings"

	"github.com/residuum-go/residuum/internal/pickle"
)

// dictionaries, in which people keep a state dict, in the order in which they are looked for.
var parts = []string{"state_dict", "model", "model_state_dict", "net", "module", "ema", "state_dict_ema", "model_ema"}

// part returns the dictionary of tensors of the given name, or with "" the one that is found by looking. It puts into
// file which one that is, and what stands beside it.
func (a *torchArchive) part(name string, file *File) (*pickle.Dict, error) {
	at, ok := a.object.(*pickle.Dict)
	if !ok {
		return nil, fmt.Errorf("it holds a %s and no dictionary of tensors", kindOf(a.object))
	}
	if name != "" {
		return partNamed(at, name, file)
	}
	var way []string
	for !hasTensors(at) {
		file.remember(at)
		next, key := inner(at)
		if next == nil || len(way) == maxDepth {
			return nil, fmt.Errorf("no dictionary of tensors in it, its keys are %s: LoadPart reads a part by name", keysOf(at))
		}
		at, way = next, append(way, key)
	}
	file.Part = strings.Join(way, ".")
	return at, nil
}

// maxDepth bounds how many dictionaries are opened that stand in each other, since one may stand in itself.
const maxDepth = 4

// partNamed returns the dictionary that is found under the keys in name, with dots between.
func partNamed(at *pickle.Dict, name string, file *File) (*pickle.Dict, error) {
	for rest, more := name, true; more; {
		file.remember(at)
		var key string
		key, rest, more = strings.Cut(rest, ".")
		v, ok := at.Get(key)
		if !ok {
			return nil, fmt.Errorf("part %q: no %q among the keys %s", name, key, keysOf(at))
		}
		if at, ok = v.(*pickle.Dict); !ok {
			return nil, fmt.Errorf("part %q: %q is a %s, not a dictionary", name, key, kindOf(v))
		}
	}
	if !hasTensors(at) {
		return nil, fmt.Errorf("part %q holds no tensors, its keys are %s", name, keysOf(at))
	}
	file.Part = name
	return at, nil
}

// remember keeps the numbers and strings of a dictionary as metadata.
func (f *File) remember(d *pickle.Dict) {
	for i, v := range d.Values {
		key, ok := d.Keys[i].(string)
		if !ok {
			continue
		}
		switch v := v.(type) {
		case string:
			f.Meta[key] = v
		case bool, int64, float64:
			f.Meta[key] = fmt.Sprint(v)
		}
	}
}

// hasTensors reports whether a dictionary holds tensors by name.
func hasTensors(d *pickle.Dict) bool {
	for i, v := range d.Values {
		if _, ok := v.(*torchTensor); ok {
			if _, ok := d.Keys[i].(string); ok {
				return true
			}
		}
	}
	return false
}

// inner returns the dictionary in d in which tensors are to be looked for, and its key: one with a usual name, or
// the only one.
func inner(d *pickle.Dict) (*pickle.Dict, string) {
	for _, name := range parts {
		if v, ok := d.Get(name); ok {
			if in, ok := v.(*pickle.Dict); ok {
				return in, name
			}
		}
	}
	var only *pickle.Dict
	var key string
	for i, v := range d.Values {
		in, ok := v.(*pickle.Dict)
		name, isText := d.Keys[i].(string)
		if !ok || !isText || !hasTensors(in) {
			continue
		}
		if only != nil {
			return nil, ""
		}
		only, key = in, name
	}
	return only, key
}

// keysOf lists the first few keys of a dictionary.
func keysOf(d *pickle.Dict) string {
	const few = 12
	var names []string
	for i, k := range d.Keys {
		if i == few {
			names = append(names, fmt.Sprintf("and %d more", len(d.Keys)-few))
			break
		}
		names = append(names, brief(k))
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ", ")
}

// brief says what a value is, in few letters whatever it holds: a list may hold itself, or a million others.
func brief(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%.40q", v)
	case bool, int64, float64:
		return fmt.Sprint(v)
	}
	return "a " + kindOf(v)
}

// kindOf names the Python type of a value.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "None"
	case *torchTensor:
		return "tensor"
	case *pickle.Dict:
		return "dictionary"
	case *pickle.List, pickle.Tuple:
		return "list"
	case string:
		return "string"
	}
	return "value"
}
