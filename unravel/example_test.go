package unravel_test

import (
	"context"
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel"
)

// ladder is a network of one's own: n blocks y + tanh(y W_i) of width 2.
type ladder []*autograd.Param

func (l ladder) Len() int                                  { return len(l) }
func (l ladder) Stem(x *autograd.Var) *autograd.Var        { return x }
func (l ladder) Skip(_ int, y *autograd.Var) *autograd.Var { return y }
func (l ladder) Head(y *autograd.Var) *autograd.Var        { return y }
func (l ladder) Sums(int) bool                             { return true }
func (l ladder) Branch(i int, y *autograd.Var) *autograd.Var {
	return autograd.Tanh(autograd.MatMul(y, l[i].On(y), tensor.NN))
}
func (l ladder) Join(_ int, skip, branch *autograd.Var) *autograd.Var {
	if branch == nil {
		return skip
	}
	return autograd.Add(skip, branch)
}

func newLadder(n int) ladder {
	var l ladder
	for i := range n {
		w := tensor.From([]float32{0.5, -0.5, -0.5, 0.5}, 2, 2)
		if i == 1 {
			tensor.Neg(w, w) // this block works against the others
		}
		l = append(l, autograd.NewParam(w))
	}
	return l
}

var examples = []data.Batch{{
	X:      tensor.From([]float32{1, 0, 0.2, 0.4, -1, 0.5, 0.3, 0.2}, 4, 2),
	Labels: []int{0, 1, 1, 0},
}}

// Any type with these seven methods can be studied.
func Example() {
	net := newLadder(4)
	study, err := unravel.NewStudy(net, examples, unravel.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	scores, err := study.Evaluate(context.Background(), append(unravel.DeleteEach(net), unravel.Whole(net)))
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, s := range scores[:4] {
		fmt.Printf("without block %d the loss is %.2f\n", i, s.Loss())
	}
	fmt.Printf("the whole net's loss is %.2f\n", scores[4].Loss())
	// Output:
	// without block 0 the loss is 0.57
	// without block 1 the loss is 0.14
	// without block 2 the loss is 0.47
	// without block 3 the loss is 0.47
	// the whole net's loss is 0.39
}

func ExampleStudy_GradientByLength() {
	net := newLadder(4)
	study, err := unravel.NewStudy(net, examples, unravel.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	g, err := study.GradientByLength(context.Background(), unravel.GradientOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(g)
	// Output:
	// length    norm   share
	//          0   0.255  16.4 %
	//          1   0.516  33.2 %
	//          2  0.0627  4.04 %
	//          3   0.478  30.8 %
	//          4   0.242  15.6 %
	//   together    0.21
}

func ExampleStudy_Measure() {
	net := newLadder(4)
	study, err := unravel.NewStudy(net, examples, unravel.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	curve := unravel.DeletionCurve(net, unravel.CurveOptions{Counts: []int{0, 1, 2}, Draws: 10})
	if err := study.Measure(context.Background(), curve); err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range curve {
		loss := p.Loss()
		fmt.Printf("%.0f deleted: loss %.2f, from %.2f to %.2f in %d draws\n", p.X, loss.Mean, loss.Min, loss.Max, loss.Draws)
	}
	// Output:
	// 0 deleted: loss 0.39, from 0.39 to 0.39 in 1 draws
	// 1 deleted: loss 0.41, from 0.14 to 0.57 in 4 draws
	// 2 deleted: loss 0.42, from 0.23 to 0.62 in 6 draws
}

// Without block 1 the net has 2^3 paths left, and a gradient for each of their lengths.
func ExampleEdited() {
	net := newLadder(4)
	edited := unravel.Edited(net, unravel.Ablate(net, unravel.Delete, 1))
	study, err := unravel.NewStudy(edited, examples, unravel.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	g, err := study.GradientByLength(context.Background(), unravel.GradientOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(unravel.PathsOf(edited).Count(), "paths")
	for k, norm := range g.Norm[0] {
		fmt.Printf("length %d: gradient of norm %.2f\n", k, norm.Value())
	}
	// Output:
	// 8 paths
	// length 0: gradient of norm 0.13
	// length 1: gradient of norm 0.37
	// length 2: gradient of norm 0.36
	// length 3: gradient of norm 0.12
}

// The lengths that carry 90 % of the gradient at the first block and in the middle of the net.
func ExamplePathsOf() {
	net := newLadder(8)
	for _, part := range []struct {
		name string
		net  unravel.Network
	}{{"y0", net}, {"y4", unravel.From(net, 4)}} {
		study, err := unravel.NewStudy(part.net, examples, unravel.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		g, err := study.GradientByLength(context.Background(), unravel.GradientOptions{})
		if err != nil {
			fmt.Println(err)
			return
		}
		e := unravel.PathsOf(part.net).Effective(g.Norm[0], 0.9)
		fmt.Printf("%s: lengths %v, %.0f %% of the paths\n", part.name, e.Lengths, 100*e.Share)
	}
	// Output:
	// y0: lengths [1 2 3 5 6 7], 72 % of the paths
	// y4: lengths [0 1 2 3], 94 % of the paths
}

// Hooks see and replace what passes: here the second branch is halved, by hand.
func ExampleWithHooks() {
	net := newLadder(4)
	hooked := unravel.WithHooks(net, unravel.Hooks{
		Branch: unravel.At(net, 1, func(f *autograd.Var) *autograd.Var { return autograd.Scale(f, 0.5) }),
		State: func(i int, y *autograd.Var) *autograd.Var {
			fmt.Printf("y%d: norm %.2f\n", i, tensor.Norm(y.Value()))
			return y
		},
	})
	unravel.Forward(hooked, autograd.Const(examples[0].X))
	// Output:
	// y0: norm 1.61
	// y1: norm 2.59
	// y2: norm 1.85
	// y3: norm 3.03
	// y4: norm 4.74
}

// Everything about the gradient by path length, as a table.
func ExampleStudy_Lengths() {
	study, err := unravel.NewStudy(newLadder(4), examples, unravel.Options{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := study.Lengths(context.Background(), unravel.LengthOptions{Draws: 10, Signs: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report)
	// Output:
	// length  paths  of all  together   share  one path    RMS  cancellation  alignment
	//        0      1  6.25 %     0.255  16.4 %     0.255  0.255             1          1
	//        1      4    25 %     0.516  33.2 %     0.251  0.266         0.515       0.97
	//        2      6  37.5 %    0.0627  4.04 %     0.247  0.275        0.0423     0.0932
	//        3      4    25 %     0.478  30.8 %     0.244  0.259          0.49      0.925
	//        4      1  6.25 %     0.242  15.6 %     0.242  0.242             1          1
	// ordinary gradient: norm 0.21
	// lengths 0-1, 3-4, 62.5 % of the paths, carry 96.0 %
	// lengths 0-1, 3-4, 62.5 % of the paths, carry 96.0 %
	// lengths 0-4, 100 % of the paths, carry 100.0 %
}

// Blocks go by place or by name; these blocks have no names of their own.
func ExamplePlan_Describe() {
	net := newLadder(4)
	plan := unravel.Ablate(net, unravel.Delete, 1)
	fmt.Println(plan)
	fmt.Println(plan.Describe(net))
	_, err := unravel.Index(net, "layer2.0")
	fmt.Println(err)
	// Output:
	// 0 delete:1 2-3
	// block 0, delete block 1, block 2 to block 3
	// unravel: Index: no block layer2.0: the net has 4, block 0 to block 3
}
