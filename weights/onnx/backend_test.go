package onnx

import (
	"archive/zip"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights/onnx/internal/pb"
)

// uncovered are the backend tests of known operators that are not passed, by a part of their name or of the error, with
// the reason.
var uncovered = map[string]string{
	"elements of type":         "numbers of less than 16 bits, strings and complex numbers",
	"want three axes or four":  "windows in three dimensions",
	"training mode":            "the file's own training mode",
	"is not computed":          "the mask of a Dropout, the places of a MaxPool",
	"_bfloat16":                "all is computed in float32: nothing rounds to 16 bits",
	"_to_BFLOAT16":             "all is computed in float32: a Cast does not round",
	"operand 0: integers":      "numbers that are integers, in an operator of images",
	"want a single number":     "exponents that differ",
	"range of other than":      "ranges of numbers",
	"maximum of nothing":       "what no maximum is of",
	"AveragePool): dilations":  "dilated average pooling",
	"mode \"cubic\"":           "cubic interpolation",
	"mode \"linear\"":          "interpolation by other coordinates than PyTorch's",
	"antialias":                "antialiased interpolation",
	"keep_aspect_ratio_policy": "sizes that are computed",
	"tf_crop_and_resize":       "cuts within a resize",
}

// backendCase is a test of the Python package onnx, as testdata/backend.py writes it.
type backendCase struct {
	name  string // with its kind
	files map[string][]byte
}

func backendCases(t testing.TB) []backendCase {
	name := cmp.Or(os.Getenv("RESIDUUM_ONNX_BACKEND"), "testdata/backend.zip")
	archive, err := zip.OpenReader(name)
	require.NoError(t, err)
	defer archive.Close()
	byName := map[string]map[string][]byte{}
	for _, f := range archive.File {
		r, err := f.Open()
		require.NoError(t, err)
		data, err := io.ReadAll(r)
		require.NoError(t, err)
		dir := path.Dir(f.Name)
		if byName[dir] == nil {
			byName[dir] = map[string][]byte{}
		}
		byName[dir][path.Base(f.Name)] = data
	}
	var all []backendCase
	for _, dir := range slices.Sorted(maps.Keys(byName)) {
		all = append(all, backendCase{dir, byName[dir]})
	}
	return all
}

// tensors decodes the inputs or outputs of a case.
func (b backendCase) tensors(kind string) (all []*value, err error) {
	for i := 0; ; i++ {
		data, ok := b.files[fmt.Sprintf("%s_%d.pb", kind, i)]
		if !ok {
			return all, nil
		}
		var p pb.TensorProto
		if err := proto.Unmarshal(data, &p); err != nil {
			return nil, err
		}
		c, err := constantOf(&p, &folder{})
		if err != nil {
			return nil, err
		}
		v := &value{shape: c.shape, ints: c.ints, known: c.floats}
		if c.floats != nil {
			v.v = autograd.Const(c.floats)
		}
		all = append(all, v)
	}
}

// run computes a case and compares, as the backend tests do: within 1e-3 relative and 1e-7 absolute.
func (b backendCase) run() error {
	net, err := decode(b.files["model.onnx"], &folder{})
	if err != nil {
		return err
	}
	inputs, err := b.tensors("input")
	if err != nil {
		return err
	}
	want, err := b.tensors("output")
	if err != nil {
		return err
	}
	if len(inputs) != len(net.inputs) {
		return fmt.Errorf("%d inputs for %d", len(inputs), len(net.inputs))
	}
	shapes := make([]*value, len(inputs)) // what a file is checked by when it is loaded
	for i, v := range inputs {
		shapes[i] = &value{shape: v.shape, ints: v.ints, known: v.known}
	}
	if _, err := (&run{net: net}).all(shapes); err != nil {
		return err
	}
	r := &run{net: net, x: autograd.Const(tensor.New(1))}
	got, err := r.all(inputs)
	if err != nil {
		return err
	}
	for i, w := range want {
		if err := same(r.plain(got[i]), w); err != nil {
			return fmt.Errorf("output %d: %w", i, err)
		}
	}
	return nil
}

var errDiffers = errors.New("differs")

func same(got, want *value) error {
	if !slices.Equal(got.shape, want.shape) || got.integers() != want.integers() {
		return fmt.Errorf("%w: shape %v, want %v", errDiffers, got.shape, want.shape)
	}
	if got.integers() {
		if !slices.Equal(got.ints, want.ints) {
			return fmt.Errorf("%w: %v, want %v", errDiffers, got.ints, want.ints)
		}
		return nil
	}
	g, w := got.v.Value().Data(), want.known.Data()
	for i := range w {
		d := math.Abs(float64(g[i]) - float64(w[i]))
		if g[i] != w[i] && !(d <= 1e-7+1e-3*math.Abs(float64(w[i]))) && !(g[i] != g[i] && w[i] != w[i]) {
			return fmt.Errorf("%w at %d: %v, want %v", errDiffers, i, g[i], w[i])
		}
	}
	return nil
}

// operatorsOf lists the operators of a case.
func (b backendCase) operatorsOf(t *testing.T) []string {
	var m pb.ModelProto
	require.NoError(t, proto.Unmarshal(b.files["model.onnx"], &m))
	var ops []string
	for _, n := range m.Graph.GetNode() {
		op := n.GetOpType()
		if n.GetDomain() != "" {
			op = n.GetDomain() + "." + op
		}
		ops = append(ops, op)
	}
	slices.Sort(ops)
	return slices.Compact(ops)
}

// Every backend test whose operators are known passes, or stands in uncovered with the reason. With
// RESIDUUM_ONNX_BACKEND naming an archive of all of them, -v prints the table of operators.
func TestBackend(t *testing.T) {
	type tally struct{ passed, refused int }
	table, reasons := map[string]*tally{}, map[string]int{}
	for op := range operators {
		table[op] = &tally{}
	}
	for _, b := range backendCases(t) {
		ops := b.operatorsOf(t)
		if slices.ContainsFunc(ops, func(op string) bool { return operators[op] == nil }) {
			continue
		}
		err := b.run()
		reason := ""
		for _, part := range slices.Sorted(maps.Keys(uncovered)) {
			name := strings.TrimSuffix(b.name, "_expanded")
			if err != nil && (strings.HasSuffix(name, part) || strings.Contains(err.Error(), part)) {
				reason = uncovered[part]
			}
		}
		for _, op := range ops {
			if err == nil {
				table[op].passed++
			} else {
				table[op].refused++
			}
		}
		switch {
		case err == nil:
		case reason == "":
			t.Errorf("%s: %v", b.name, err)
		default:
			reasons[reason]++
		}
	}
	for why, n := range reasons {
		t.Logf("| %s | | %d |", why, n)
	}
	for _, op := range slices.Sorted(maps.Keys(table)) {
		t.Logf("| %s | %d | %d |", op, table[op].passed, table[op].refused)
		require.Positive(t, table[op].passed, "%s: no test", op)
	}
}
