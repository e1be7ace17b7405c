package vec

import (
	"testing"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

func TestNothingAllocates(t *testing.T) {
	const rows, c = 3000, 33
	const n = rows * c
	x, y, z, g := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	labels, r := make([]int, rows), [8][]float32{}
	for i := range r {
		r[i] = make([]float32, c)
	}
	norm := Norm{r[0], r[1], r[2], r[3], r[4]}
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
		"ScaleShift": func() { ScaleShiftRows(x, y, r[0], r[1], r[2], true) },
		"Join":       func() { ScaleShiftAddRows(x, y, r[0], r[1], r[2], z, true) },
		"SumRows":    func() { SumRows(r[0], x, c, 1) },
		"MeanGroups": func() { MeanGroups(r[0], x, 1, rows, c) },
		"Stats":      func() { BatchNormStats(norm, r[5], x, 1e-5) },
		"GradSums":   func() { BatchNormGradSums(r[5], r[6], x, g, norm) },
		"AddGrad":    func() { BatchNormAddGradSums(z, r[5], r[6], x, y, g, norm) },
		"InputGrad":  func() { BatchNormInputGrad(z, x, g, norm, r[5], r[6], r[7]) },
		"Softmax":    func() { SoftmaxRows(x, y, c) },
		"LogSoftmax": func() { LogSoftmaxRows(x, y, c) },
		"SoftmaxVJP": func() { LogSoftmaxVJPRows(x, y, z, c) },
		"SoftmaxJVP": func() { LogSoftmaxJVPRows(x, y, z, c) },
		"Losses":     func() { CrossEntropyRows(x[:len(y)/c], y, z, c) },
		"Loss":       func() { CrossEntropyMean(y, labels, 0.1, c) },
		"LossGrad":   func() { CrossEntropyMeanGrad(x, y, labels, 0.1, c) },
		"SGD":        func() { SGDStep(x, y, z, 0.1, 0.9, 0.1, true) },
		"Adam":       func() { AdamStep(x, y, z, g, 0.1, 0.9, 0.999, 1e-8, 0.1, true, 3) },
	} {
		t.Run("op="+name, func(t *testing.T) {
			kerneltest.EachLevel(t, func(t *testing.T) { kerneltest.NoAllocs(t, f) })
		})
	}
}

func TestAVX2UsesItsRegistersOnly(t *testing.T) {
	kerneltest.AVX2UsesItsRegistersOnly(t, "asm_amd64.s")
}
