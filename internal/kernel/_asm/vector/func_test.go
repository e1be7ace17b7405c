package vector

import "testing"

func TestSignature(t *testing.T) {
	for want, f := range map[string]Func{
		"(dst, x, row []float32, s float32)":                  {Params: "dst x *row $s"},
		"(sum []float64, x, mean []float32, rows, c int)":     {Params: "+sum x *mean #rows #c"},
		"(y []float32, idx []int32, x []float32, first int)":  {Params: "y %idx x #first"},
		"(a, b []float32) float64":                            {Params: "a b", Result: "float64"},
		"(dst []float32, lr, decay float32, g []float32) int": {Params: "dst $lr $decay g", Result: "int"},
	} {
		if got := f.Signature(); got != want {
			t.Errorf("%q: got %s, want %s", f.Params, got, want)
		}
	}
}

// TestSet: the variants that write past the caches stand in the second set alone, under the names of the others.
func TestSet(t *testing.T) {
	l := Level{Name: "AVX2", Funcs: []Func{{Name: "add"}, {Name: "add" + StreamSuffix}, {Name: "sum"}}}
	for streamed, want := range map[bool]string{
		false: "kernels{\nadd: addAVX2,\nsum: sumAVX2,\n},\n",
		true:  "kernels{\nadd: addStreamAVX2,\nsum: sumAVX2,\n},\n",
	} {
		if got := l.set(streamed); got != want {
			t.Errorf("streamed %v: got %s, want %s", streamed, got, want)
		}
	}
}
