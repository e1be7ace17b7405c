package vector

import "strings"

// Func is a function: its name without the level's, its parameters, see [Parse], a result type if it has one, what it
// computes, and the same in Go, where that is not a function of the same name.
type Func struct{ Name, Params, Result, Doc, Go string }

// Param is a parameter of a function.
type Param struct {
	Name string
	Kind Kind
}

// Kind is what a parameter is to a loop.
type Kind int

const (
	Slice   Kind = iota // of float32, read or written in step with others
	Indices             // of int32, likewise
	Row                 // of float32, read again and again
	Sums                // of float64
	Scalar              // a float32
	Int
)

var kinds = map[byte]Kind{'%': Indices, '*': Row, '+': Sums, '$': Scalar, '#': Int}

// Type returns the kind's type in Go.
func (k Kind) Type() string {
	return [...]string{"[]float32", "[]int32", "[]float32", "[]float64", "float32", "int"}[k]
}

// Parse reads a list of parameters: "dst x *row $s" has the slices dst and x, the row vector row and the scalar s; a
// name with % before it is a slice of int32, with + of float64, with # an int.
func Parse(list string) (params []Param) {
	for _, f := range strings.Fields(list) {
		k, ok := kinds[f[0]]
		if ok {
			f = f[1:]
		}
		params = append(params, Param{f, k})
	}
	return params
}

// Names returns the parameters of a kind.
func Names(params []Param, k Kind) (names []string) {
	for _, p := range params {
		if p.Kind == k {
			names = append(names, p.Name)
		}
	}
	return names
}

// Signature returns what follows a function's name in Go.
func (f Func) Signature() string {
	var s strings.Builder
	params := Parse(f.Params)
	for i, p := range params {
		s.WriteString(p.Name)
		if i+1 == len(params) || params[i+1].Kind.Type() != p.Kind.Type() {
			s.WriteString(" " + p.Kind.Type())
		}
		if i+1 < len(params) {
			s.WriteString(", ")
		}
	}
	return strings.TrimSpace("(" + s.String() + ") " + f.Result)
}
