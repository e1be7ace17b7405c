package autograd

import (
	"go/ast"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/tensor"
)

// Every op takes a batch of no rows and has first and second derivatives by it; by what every row shares, such
// as weights, the gradient is zero.
func TestOpsOnNoRows(t *testing.T) {
	for _, o := range ops {
		for _, text := range o.shapes {
			shapes, ok := withoutRows(o, parseShapes(text))
			if !ok {
				continue
			}
			t.Run(o.name+"/with="+o.with+"/shape="+text, func(t *testing.T) {
				kerneltest.EachLevel(t, func(t *testing.T) {
					tape := NewTape(1)
					var in, constants []*Var
					for _, shape := range shapes {
						x := tensor.Full(0.5, shape...)
						in, constants = append(in, tape.Input(x)), append(constants, Const(x))
					}
					y := o.f(in)
					require.Equal(t, y.Shape(), o.f(constants).Shape())
					first := Grad(y, nil, in...)
					for i, g := range first {
						require.Equal(t, shapes[i], g.Shape(), "input %d", i)
						if o.name != "BatchNorm" || strings.HasPrefix(o.with, "known") && !strings.Contains(o.with, "norm") { // the mean of nothing is NaN, and nn does not train on it
							require.Zero(t, tensor.Norm(g.Value()), "input %d", i)
						}
						for j, h := range Grad(g, nil, in...) {
							require.Equal(t, shapes[j], h.Shape(), "inputs %d and %d", i, j)
						}
					}
				})
			})
		}
	}
}

// withoutRows sets the length of the leading axis to 0 where it is the number of rows, as far as the
// op of that row of the table can be asked for no rows.
func withoutRows(o op, shapes [][]int) ([][]int, bool) {
	namesLengths := []string{"BroadcastTo", "SumTo", "Gather"}                                                    // that an empty tensor does not fit
	if !ast.IsExported(o.name) || slices.Contains(namesLengths, o.name) || o.with == "aT bT" || o.name == "Max" { // of nothing
		return nil, false
	}
	rows, rank := shapes[0][0], len(shapes[0])
	for _, s := range shapes {
		if len(s) > rank {
			return nil, false // the first one is broadcast
		}
		if len(s) == rank && s[0] == rows {
			s[0] = 0
		}
	}
	return shapes, true
}
