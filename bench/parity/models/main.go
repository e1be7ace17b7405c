// Command models is the Go side of bench/parity/models.py. Without arguments it prints the names of package resnet; with
// a file of weights and one of what PyTorch computed with them, it prints by how much this library differs.
package main

import (
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Println(strings.Join(resnet.Names(), "\n"))
		return
	}
	d, err := compare(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	slices.Sort(d.gradients)
	fmt.Println(d.logits, d.features, d.training, d.gradients[len(d.gradients)/2])
}

// differences are relative ones: of logits and features the largest over the largest value, of a gradient in the
// Euclidean norm.
type differences struct {
	logits, features, training float64
	gradients                  []float64
}

func compare(netPath, expectedPath string) (d differences, err error) {
	net, _, err := resnet.Load(netPath)
	if err != nil {
		return d, err
	}
	file, err := weights.Load(expectedPath)
	if err != nil {
		return d, err
	}
	want := file.Tensors
	x := tensor.Transpose(nil, want["x"], 0, 2, 3, 1)
	d.logits = largest(net.Forward(autograd.Const(x)).Value(), want["eval"])
	for i, y := range net.Features(autograd.Const(x)) {
		if w := want[fmt.Sprint("stage", i)]; w != nil {
			d.features = max(d.features, largest(y.Value(), tensor.Transpose(nil, w, 0, 2, 3, 1)))
		}
	}
	tape := autograd.NewTape(1)
	tape.SetTraining(net.Config().Kind != resnet.VGG)
	logits := net.Forward(tape.Input(x))
	tape.Backward(autograd.CrossEntropy(logits, []int{1, 7, 3, 0}, 0))
	d.training = largest(logits.Value(), want["train"])

	grads := &weights.File{Tensors: map[string]*tensor.Tensor{}} // which are named as a net's parameters
	for name, t := range want {
		if of, ok := strings.CutPrefix(name, "grad."); ok {
			grads.Tensors[of] = t
		}
	}
	r, err := resnet.Recognise(grads)
	if err != nil {
		return d, err
	}
	other, err := r.Net()
	if err != nil {
		return d, err
	}
	of := maps.Collect(nn.Params(other))
	for name, p := range nn.Params(net) {
		w := of[name].Value
		d.gradients = append(d.gradients, tensor.Norm(tensor.Sub(nil, p.Grad, w))/tensor.Norm(w))
	}
	return d, nil
}

func largest(got, want *tensor.Tensor) float64 {
	difference, of := 0.0, 0.0
	for i, v := range want.Data() {
		difference = max(difference, math.Abs(float64(got.Data()[i]-v)))
		of = max(of, math.Abs(float64(v)))
	}
	return difference / of
}
