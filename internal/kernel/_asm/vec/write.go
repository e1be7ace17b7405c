package main

import (
	"fmt"
	"strings"

	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

const (
	by         = "go run ./vec"
	vecPackage = "github.com/residuum-go/residuum/internal/kernel/vec"
)

// comment returns what follows "computes" in a comment.
func (f function) comment() string {
	s := f.value
	if f.ulps > 0 {
		s += fmt.Sprintf(", at most %v ulps off", f.ulps)
	}
	return s + f.note + "."
}

// writeFunctions writes the functions of packages vec and tensor that call the kernels, and the rows of their tests.
func writeFunctions() {
	var functions, exact, rounded, tensors, cases strings.Builder
	for _, f := range binaries {
		fmt.Fprintf(&functions, "%sfunc %s(dst, a, b []float32) { binary(%[2]q, kernelsFor(dst, a, b).%s, dst, a, b) }\n\n",
			wrap(f.name+" computes dst[i] = "+f.comment()), f.name, f.kernel())
		fmt.Fprintf(&exact, "exact2(%q, %[1]s, %[1]sRef[float32]),\n", f.name)
	}
	for _, f := range unaries {
		grain := "grain"
		if f.ulps > 0 {
			grain = "grainMath"
			fmt.Fprintf(&rounded, "within(%v, %q, %[2]s, %[2]sRef[float64]),\n", f.ulps, f.name)
		} else {
			fmt.Fprintf(&exact, "exact1(%q, %[1]s, %[1]sRef[float32]),\n", f.name)
		}
		fmt.Fprintf(&functions, "%sfunc %s(dst, a []float32) { unary(%[2]q, kernelsFor(dst, a).%s, dst, a, %s) }\n\n",
			wrap(f.name+" computes dst[i] = "+f.comment()), f.name, f.kernel(), grain)
		fmt.Fprintf(&tensors, "%sfunc %s(dst, a *Tensor) *Tensor { return unary(%[2]q, dst, a, vec.%[2]s) }\n\n",
			wrap(f.name+" computes "+strings.ReplaceAll(f.comment(), "a[i]", "a")), f.name)
		fmt.Fprintf(&cases, "{%q, tensor.%[1]s, number(vec.%[1]sRef[float64])},\n", f.name)
	}
	const tensor = "../../../tensor"
	vector.WriteGo("../vec/functions.go", vector.Head("vec", "", by)+functions.String())
	vector.WriteGo("../vec/functions_test.go", vector.Head("vec", "", by)+fmt.Sprintf(`var exactFunctions = []op{
%s}

var functions = []op{
%s}
`, &exact, &rounded))
	vector.WriteGo(tensor+"/functions.go", vector.Head("tensor", "", by)+"import \""+vecPackage+"\"\n\n"+tensors.String())
	vector.WriteGo(tensor+"/functions_test.go", vector.Head("tensor_test", "", by)+`import (
	"`+vecPackage+`"
	"github.com/residuum-go/residuum/tensor"
)

var functions = []unaryCase{
`+cases.String()+"}\n")
}

// wrap returns s as a comment of lines of at most 120 columns.
func wrap(s string) string {
	line, text := "//", ""
	for _, word := range strings.Fields(s) {
		if len(line)+1+len(word) > 120 {
			text += line + "\n"
			line = "//"
		}
		line += " " + word
	}
	return text + line + "\n"
}
