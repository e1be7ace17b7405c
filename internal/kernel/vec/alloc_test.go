package vec

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

func TestNothingAllocates(t *testing.T) {
	const rows, c = 3000, 33
	const n = rows * c
	x, y, z, g := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	r := [7][]float32{}
	for i := range r {
		r[i] = make([]float32, c)
	}
	for name, f := range map[string]func(){
		"Add":        func() { Add(x, y, z) },
		"Exp":        func() { Exp(x, y) },
		"Scale":      func() { Scale(x, y, 2) },
		"AddScaled":  func() { AddScaled(x, y, 2, z) },
		"Fill":       func() { Fill(x, 2) },
		"Sum":        func() { Sum(x) },
		"Dot":        func() { Dot(x, y) },
		"MaxIndex":   func() { MaxIndex(x) },
		"AddRow":     func() { AddRow(x, y, r[0]) },
		"ScaleShift": func() { ScaleShiftRows(x, y, r[0], r[1], true) },
		"Join":       func() { ScaleShiftAddRows(x, y, r[0], r[1], z, true) },
		"SumRows":    func() { SumRows(r[0], x, c) },
		"MeanGroups": func() { MeanGroups(r[0], x, 1, rows, c) },
		"StatsRows":  func() { StatsRows(r[0], r[1], x, c) },
		"GradSums":   func() { BatchNormGradSumsReLU(r[0], r[1], x, g, r[2], r[3], r[4], r[5]) },
		"AddGrad":    func() { BatchNormAddGradSums(z, r[0], r[1], x, y, g, r[2], r[3]) },
		"InputGrad":  func() { BatchNormInputGradReLU(z, x, g, r[0], r[1], r[2], r[3], r[4], r[5], r[6]) },
		"Softmax":    func() { SoftmaxRows(x, y, c) },
		"LogSoftmax": func() { LogSoftmaxRows(x, y, c) },
		"SGD":        func() { SGDStep(x, y, z, 0.1, 0.9, 0.1, true) },
		"Adam":       func() { AdamStep(x, y, z, g, 0.1, 0.9, 0.999, 1e-8, 0.1, true, 3) },
	} {
		t.Run("op="+name, func(t *testing.T) { kerneltest.NoAllocs(t, f) })
	}
}

// TestAVX2UsesItsRegistersOnly reads the generated code: the register allocator does not know that
// the registers from 16 on need AVX-512.
func TestAVX2UsesItsRegistersOnly(t *testing.T) {
	high := regexp.MustCompile(`\b[XY](1[6-9]|2[0-9]|3[01])\b|\bZ[0-9]|\bK[1-7]\b`)
	for _, file := range []string{"asm_amd64.s", "../pool/asm_amd64.s"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		functions := strings.Split(string(text), "\nTEXT ")
		require.Greater(t, len(functions), 5)
		for _, f := range functions[1:] {
			name, body, _ := strings.Cut(f, "(SB)")
			if strings.HasSuffix(name, "AVX2") {
				body, _, _ = strings.Cut(body, "\n// func")
				require.Empty(t, high.FindString(body), name)
			}
		}
	}
}
