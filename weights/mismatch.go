package weights

import (
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Mismatch lists how a file differs from the model that it should fill.
type Mismatch struct {
	Missing     []string // tensors of the model that the file lacks
	Unexpected  []string // tensors of the file that the model lacks
	Shapes      []string // descriptions of the pairs whose shapes differ
	Unsupported []string // descriptions of those of the model that are in File.Unsupported
	Hint        string   // what the reason seems to be, or ""
}

func (m *Mismatch) empty() bool {
	return len(m.Missing)+len(m.Unexpected)+len(m.Shapes)+len(m.Unsupported) == 0
}

// Error says how many differ, and names the first few of each kind.
func (m *Mismatch) Error() string {
	var parts []string
	for _, p := range []struct {
		what  string
		names []string
	}{{"missing", m.Missing}, {"unexpected", m.Unexpected}, {"of another shape", m.Shapes}, {"of a type that is not converted", m.Unsupported}} {
		const few = 3
		if n := len(p.names); n > few {
			parts = append(parts, fmt.Sprintf("%d %s: %s and %d more", n, p.what, strings.Join(p.names[:few], ", "), n-few))
		} else if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s: %s", n, p.what, strings.Join(p.names, ", ")))
		}
	}
	text := "weights: tensors do not fit the model: "
	if m.Hint != "" {
		text += m.Hint + ": "
	}
	return text + strings.Join(parts, "; ")
}

// compare lists the differences between a model's tensors, each of another name, and a file.
func compare(state []named, f listing) *Mismatch {
	m := &Mismatch{}
	known := map[string]bool{}
	var differ []difference
	for _, p := range state {
		known[p.name] = true
		shape, ok := f.shapes[p.name]
		if dtype, unsupported := f.unsupported[p.name]; unsupported && !ok {
			m.Unsupported = append(m.Unsupported, fmt.Sprintf("%s is %.80s", p.name, dtype))
			continue
		}
		if !ok {
			m.Missing = append(m.Missing, p.name)
			continue
		}
		if want := fileShape(p.Tensor); !slices.Equal(shape, want) {
			m.Shapes = append(m.Shapes, fmt.Sprintf("%s is %v, the model has %v", p.name, shape, want))
			differ = append(differ, difference{p.name, shape, want})
		}
	}
	names := f.names()
	for _, name := range names {
		if !known[name] && !strings.HasSuffix(name, "num_batches_tracked") && !strings.HasPrefix(name, Optimizer) {
			m.Unexpected = append(m.Unexpected, name)
		}
	}
	if !m.empty() {
		m.Hint = m.hint(known, names)
	}
	if len(m.Missing)+len(m.Unexpected) == 0 && onlyOutputs(state, differ) {
		m.Hint = fmt.Sprintf("they are for %d classes, the model for %d; delete these and use AssignMatching for the rest", differ[0].file[0], differ[0].model[0])
	}
	if len(m.Unexpected)+len(m.Shapes) == 0 && lackOutputs(state, m.Missing) {
		m.Hint = "they lack the last layer; AssignMatching fills the rest"
	}
	return m
}

// difference is a tensor whose shape in the file is not that in the model.
type difference struct {
	name        string
	file, model []int
}

// hint guesses the reason of a mismatch from the names on both sides.
func (m *Mismatch) hint(known map[string]bool, names []string) string {
	if p, n := prefix(m.Missing, m.Unexpected); p != "" {
		return fmt.Sprintf("%d of their names begin with %q, which is to be cut off", n, p)
	}
	if p, n := prefix(m.Unexpected, m.Missing); p != "" {
		return fmt.Sprintf("%d of their names lack %q at the beginning", n, p)
	}
	theirs, ours := blocks(slices.Values(names)), blocks(maps.Keys(known))
	switch {
	case len(known) == 0:
		return "the model has none: it has not been built, or the ensemble not fitted"
	case theirs != ours && theirs > 0 && ours > 0:
		return fmt.Sprintf("they are of %d blocks, the model has %d", theirs, ours)
	case len(m.Missing) == len(known) && len(m.Unexpected) > 0:
		return "no name is the same, so they are of another kind of model"
	}
	return ""
}

// prefix returns what n long names, most of them, have before the short ones, or "".
func prefix(short, long []string) (best string, n int) {
	names := map[string]bool{}
	for _, l := range long {
		names[l] = true
		if p, ok := strings.CutSuffix(l, "."+first(short)); ok && (best == "" || len(p) < len(best)) {
			best = p + "."
		}
	}
	for _, s := range short {
		if names[best+s] {
			n++
		}
	}
	if 2*n <= len(short) {
		return "", 0
	}
	return best, n
}

func first(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// block finds the block in the name of a parameter of a residual net or an ensemble.
var block = regexp.MustCompile(`(?:^|\.)(layer\d+|stages)\.\d+\.`)

// blocks counts the blocks that names speak of.
func blocks(names iter.Seq[string]) int {
	found := map[string]bool{}
	for name := range names {
		if b := block.FindString(name); b != "" {
			found[b] = true
		}
	}
	return len(found)
}

// onlyOutputs reports whether all that differs is the number of outputs of the model's last layer, in its weight and
// bias alike.
func onlyOutputs(state []named, differ []difference) bool {
	at := len(state) - len(differ)
	if at < 0 || len(differ) == 0 || len(differ) > 2 || at > 0 && layer(state[at-1].name) == layer(state[at].name) {
		return false
	}
	for i, d := range differ {
		if d.name != state[at+i].name || layer(d.name) != layer(state[at].name) ||
			len(d.file) == 0 || len(d.file) != len(d.model) || !slices.Equal(d.file[1:], d.model[1:]) ||
			d.file[0] != differ[0].file[0] || d.model[0] != differ[0].model[0] {
			return false
		}
	}
	return true
}

// lackOutputs reports whether all that is missing, in the order of the model, is its last layer.
func lackOutputs(state []named, missing []string) bool {
	at := len(state) - len(missing)
	return at > 0 && at < len(state) && layer(state[at-1].name) != layer(state[at].name) &&
		missing[0] == state[at].name && layer(missing[0]) == layer(state[len(state)-1].name)
}

// layer returns the name of the layer that has a tensor.
func layer(name string) string { return name[:strings.LastIndex(name, ".")+1] }
