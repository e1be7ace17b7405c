package boost

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/tensor"
)

// Errors that Fit and its helpers wrap.
var (
	ErrData     = errors.New("bad data")              // shapes that disagree, NaN, targets outside the loss's domain
	ErrDiverged = errors.New("training has diverged") // a loss or an output is no longer finite
)

// Data is a set of N examples. [DataOf] makes it of labelled ones.
type Data struct {
	X      *tensor.Tensor // inputs [N, ...]: rows [N, d] or images [N, H, W, C]
	Y      *tensor.Tensor // targets [N, K], see the loss
	Weight *tensor.Tensor // importance of each row, [N], not negative, of any scale; nil means all one

	// Group says which group each row is of, such as the query that found it: any numbers, one for each row, and rows of a
	// group anywhere. Those of a [Listwise] loss are ranked against each other, and folds keep groups whole. Nil means none.
	Group []int
}

// DataOf returns a batch as Data whose targets are the labels as rows of an identity matrix, [N, classes]. It fails with
// ErrData on labels that are not one for each example or not in [0, classes).
//
//	fit, err := boost.DataOf(set.Batch(set.Norm(), 0, set.Len()), set.Classes)
func DataOf(b data.Batch, classes int) (Data, error) {
	if classes < 1 {
		return Data{}, fmt.Errorf("boost: DataOf: %d classes: %w", classes, ErrData)
	}
	if b.X == nil || b.X.Rank() == 0 || b.X.Dim(0) != len(b.Labels) {
		return Data{}, fmt.Errorf("boost: DataOf: %d labels for inputs %v: %w", len(b.Labels), b.X, ErrData)
	}
	y := tensor.New(len(b.Labels), classes)
	for i, l := range b.Labels {
		if l < 0 || l >= classes {
			return Data{}, fmt.Errorf("boost: DataOf: label %d at row %d is not in [0, %d): %w", l, i, classes, ErrData)
		}
		y.Data()[i*classes+l] = 1
	}
	return Data{X: b.X, Y: y}, nil
}

// check reports whether d is complete, consistent and finite, inputs perhaps but for NaN, and accepted by the loss.
func (d Data) check(loss Loss, missing bool) error {
	switch {
	case d.X == nil || d.Y == nil:
		return fmt.Errorf("no inputs or no targets: %w", ErrData)
	case d.X.Rank() < 2 || d.X.Len() == 0:
		return fmt.Errorf("inputs %v, want [N, ...] and not empty: %w", d.X.Shape(), ErrData)
	case d.Y.Rank() != 2 || d.Y.Dim(0) != d.X.Dim(0) || d.Y.Dim(1) == 0:
		return fmt.Errorf("targets %v for inputs %v, want [N, K]: %w", d.Y.Shape(), d.X.Shape(), ErrData)
	case d.Weight != nil && (d.Weight.Rank() != 1 || d.Weight.Dim(0) != d.X.Dim(0)):
		return fmt.Errorf("weights %v for inputs %v, want [N]: %w", d.Weight.Shape(), d.X.Shape(), ErrData)
	case d.Group != nil && len(d.Group) != d.X.Dim(0):
		return fmt.Errorf("groups of %d rows for inputs %v: %w", len(d.Group), d.X.Shape(), ErrData)
	}
	if err := finiteOrMissing("inputs", d.X, missing, ErrData); err != nil {
		return err
	}
	if err := finite("targets", d.Y, ErrData); err != nil {
		return err
	}
	if err := d.checkWeight(); err != nil {
		return err
	}
	if err := loss.Check(d.Y); err != nil {
		return err
	}
	if _, ok := loss.(Listwise); ok {
		return d.checkGroups()
	}
	return nil
}

// checkGroups fails unless there are groups, and each has one weight.
func (d Data) checkGroups() error {
	if d.Group == nil {
		return fmt.Errorf("no groups to rank in: %w", ErrData)
	}
	for _, rows := range d.groups() {
		for _, i := range rows[1:] {
			if w := d.rowWeight(rows[0]); d.rowWeight(i) != w {
				return fmt.Errorf("weights: %v at row %d, and %v at row %d of the same group %d: %w",
					w, rows[0], d.rowWeight(i), i, d.Group[i], ErrData)
			}
		}
	}
	return nil
}

func (d Data) checkWeight() error {
	if d.Weight == nil {
		return nil
	}
	if err := finite("weights", d.Weight, ErrData); err != nil {
		return err
	}
	total := 0.0
	for i, w := range d.Weight.Data() {
		if w < 0 {
			return fmt.Errorf("weights: %v at row %d is negative: %w", w, i, ErrData)
		}
		total += float64(w)
	}
	if total == 0 {
		return fmt.Errorf("weights: all are zero: %w", ErrData)
	}
	return nil
}

// finite fails with an error of the given kind on the first NaN or infinity in t, naming its row.
func finite(what string, t *tensor.Tensor, kind error) error {
	return finiteOrMissing(what, t, false, kind)
}

// finiteOrMissing is finite that lets NaN pass if missing values may be.
func finiteOrMissing(what string, t *tensor.Tensor, missing bool, kind error) error {
	var found atomic.Bool
	bad := func(v float32) bool { return v-v != 0 && !(missing && v != v) } // NaN for NaN and for infinities
	parallel.For(t.Len(), together, parallel.Func(func(lo, hi int) {
		for _, v := range t.Data()[lo:hi] {
			if bad(v) {
				found.Store(true)
				return
			}
		}
	}))
	if !found.Load() {
		return nil
	}
	i := slices.IndexFunc(t.Data(), bad)
	return fmt.Errorf("%s: %v at row %d: %w", what, t.Data()[i], i/(t.Len()/t.Dim(0)), kind)
}

// weighted returns d with weights of mean one and without the rows that have none, or none in float32 beside the
// largest: nothing then depends on the scale of the weights, and no row's loss, which may be infinite, is
// multiplied by 0.
func (d Data) weighted() Data {
	if d.Weight == nil {
		return d
	}
	largest := float64(slices.Max(d.Weight.Data()))
	total, kept := 0.0, []int{}
	for i, w := range d.Weight.Data() {
		if float32(float64(w)/largest) > 0 {
			total += float64(w)
			kept = append(kept, i)
		}
	}
	weights := tensor.New(len(kept))
	for j, i := range kept {
		weights.Data()[j] = float32(d.rowWeight(i) * (float64(len(kept)) / total))
	}
	if len(kept) < d.Weight.Len() {
		d = d.rows(kept)
	}
	d.Weight = weights
	return d
}

// rows returns some rows of d.
func (d Data) rows(rows []int) Data {
	out := Data{X: tensor.Gather(nil, d.X, rows), Y: tensor.Gather(nil, d.Y, rows)}
	if d.Weight != nil {
		out.Weight = tensor.Gather(nil, d.Weight, rows)
	}
	if d.Group != nil {
		out.Group = make([]int, len(rows))
		for j, i := range rows {
			out.Group[j] = d.Group[i]
		}
	}
	return out
}

// groups returns the rows of each group, in the order of their first ones. Without groups each row is one.
func (d Data) groups() [][]int {
	var out [][]int
	at, last := map[int]int{}, 0
	for i := range d.Y.Dim(0) {
		switch {
		case d.Group == nil:
			last = len(out)
		case i == 0 || d.Group[i] != d.Group[i-1]:
			known, ok := at[d.Group[i]]
			if !ok {
				known = len(out)
				at[d.Group[i]] = known
			}
			last = known
		}
		if last == len(out) {
			out = append(out, nil)
		}
		out[last] = append(out[last], i)
	}
	return out
}

// rowWeight returns the weight of row i.
func (d Data) rowWeight(i int) float64 {
	if d.Weight == nil {
		return 1
	}
	return float64(d.Weight.Data()[i])
}

// rms returns the root of the weighted mean square of t, with weights of t's shape or nil.
func rms(t, weight *tensor.Tensor) float64 {
	var sum, total float64
	for i, v := range t.Data() {
		w := 1.0
		if weight != nil {
			w = float64(weight.Data()[i])
		}
		sum += w * float64(v) * float64(v)
		total += w
	}
	return math.Sqrt(sum / total)
}
