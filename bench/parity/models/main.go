// Command models is the Go side of bench/parity/models.py. Without arguments it prints the names of package resnet; with
// one, what PyTorch computed in float64 and in float32, and the files of the net, .pth, .safetensors and .onnx, it prints by
// how much this library differs from the former, and PyTorch's own float32.
package main

import (
	"errors"
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
	"github.com/residuum-go/residuum/weights/onnx"
)

func main() {
	if len(os.Args) < 6 {
		fmt.Println(strings.Join(resnet.Names(), "\n"))
		return
	}
	d, err := compare(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5], os.Args[6:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(d.logits, d.onnx, d.features, d.training, d.gradients, d.theirTraining, d.theirGradients)
}

// differences are the largest of each kind: relative to the largest value, those of gradients in the Euclidean norm.
type differences struct{ logits, onnx, features, training, gradients, theirTraining, theirGradients float64 }

// computed is what PyTorch computed.
type computed struct{ tensors map[string]*tensor.Tensor }

func loadComputed(path string) (computed, error) {
	file, err := weights.Load(path)
	if err != nil {
		return computed{}, err
	}
	return computed{file.Tensors}, nil
}

func (e computed) images(name string) *tensor.Tensor {
	if e.tensors[name] == nil {
		return nil
	}
	return tensor.Transpose(nil, e.tensors[name], 0, 2, 3, 1)
}

func compare(name, double, single, pth, safetensors string, onnxPaths []string) (d differences, err error) {
	e, err := loadComputed(double)
	if err != nil {
		return d, err
	}
	theirs, err := loadComputed(single)
	if err != nil {
		return d, err
	}
	for _, path := range onnxPaths {
		net, err := onnx.Load(path)
		if err != nil {
			return d, fmt.Errorf("%s: %w", path, err)
		}
		d.onnx = max(d.onnx, largest(net.Forward(autograd.Const(e.images("x"))).Value(), e.tensors["eval"]))
	}
	net, err := loadBoth(name, pth, safetensors)
	if err != nil {
		return d, err
	}
	d.logits = largest(net.Forward(autograd.Const(e.images("x"))).Value(), e.tensors["eval"])
	for i, y := range net.Features(autograd.Const(e.images("x"))) {
		if w := e.images(fmt.Sprint("stage", i)); w != nil {
			d.features = max(d.features, largest(y.Value(), w))
		}
	}
	d.training = largest(e.train(net), e.tensors["train"])
	d.theirTraining = largest(theirs.tensors["train"], e.tensors["train"])
	want, err := e.gradients()
	if err != nil {
		return d, err
	}
	own, err := theirs.gradients()
	if err != nil {
		return d, err
	}
	got := map[string]*tensor.Tensor{}
	for name, p := range nn.Params(net) {
		if p.Grad == nil {
			return d, errors.New(name + " has no gradient")
		}
		got[name] = p.Grad
	}
	d.gradients, d.theirGradients = largestByNorm(got, want), largestByNorm(own, want)
	return d, nil
}

// loadBoth returns the net that two files have, which must be the same.
func loadBoth(name, path, other string) (*resnet.Net, error) {
	net, err := load(name, path)
	if err != nil {
		return nil, err
	}
	same, err := load(name, other)
	if err != nil {
		return nil, err
	}
	state := maps.Collect(nn.State(same))
	for name, t := range nn.State(net) {
		if !slices.Equal(t.Data(), state[name].Data()) {
			return nil, fmt.Errorf("%s and %s differ in %s", path, other, name)
		}
	}
	return net, nil
}

// load returns the net of a file, which must be recognised as that of the name, if it is one of resnet.Names, but for what
// files do not tell.
func load(name, path string) (*resnet.Net, error) {
	file, err := weights.Load(path)
	if err != nil {
		return nil, err
	}
	r, err := resnet.Recognise(file)
	if err != nil {
		return nil, err
	}
	if config, err := resnet.Named(name, 1); err == nil {
		r.Config.AntiAlias = config.AntiAlias
		if !slices.Contains(r.Names(), name) {
			return nil, fmt.Errorf("%s is taken for %v: %s", name, r.Names(), r)
		}
	}
	return r.Net()
}

// train leaves gradients in the net and returns the logits.
func (e computed) train(net *resnet.Net) *tensor.Tensor {
	labels := make([]int, e.tensors["labels"].Len())
	for i, v := range e.tensors["labels"].Data() {
		labels[i] = int(v)
	}
	tape := autograd.NewTape(1)
	tape.SetTraining(true)
	y := net.Stem(tape.Input(e.images("x")))
	for i := range net.Len() {
		y = net.Join(i, net.Skip(i, y), net.Branch(i, y))
	}
	tape.SetTraining(net.Config().Kind != resnet.VGG) // whose heads have dropout
	y = net.Head(y)
	tape.Backward(autograd.CrossEntropy(y, labels, 0))
	return y.Value()
}

// gradients returns those of all parameters, by their names in package resnet.
func (e computed) gradients() (map[string]*tensor.Tensor, error) {
	file := &weights.File{Tensors: map[string]*tensor.Tensor{}} // with the names of a net
	for name, t := range e.tensors {
		if of, ok := strings.CutPrefix(name, "grad."); ok {
			file.Tensors[of] = t
		}
	}
	r, err := resnet.Recognise(file)
	if err != nil {
		return nil, err
	}
	net, err := r.Net()
	if err != nil {
		return nil, err
	}
	gradients := map[string]*tensor.Tensor{}
	for name, p := range nn.Params(net) {
		gradients[name] = p.Value
	}
	return gradients, nil
}

// largestByNorm returns the largest relative difference in the Euclidean norm.
func largestByNorm(got, want map[string]*tensor.Tensor) float64 {
	worst := 0.0
	for name, w := range want {
		scale := tensor.Norm(w)
		if layer, ok := strings.CutSuffix(name, ".bias"); ok && want[layer+".weight"] != nil {
			if of := tensor.Norm(want[layer+".weight"]); scale < 1e-9*of {
				scale = of // in front of a batch norm, where a bias has no gradient but for rounding
			}
		}
		d := tensor.Norm(tensor.Sub(nil, got[name], w)) / scale
		worst = max(worst, d)
	}
	return worst
}

func largest(got, want *tensor.Tensor) float64 {
	difference, of := 0.0, 0.0
	for i, v := range want.Data() {
		difference = max(difference, math.Abs(float64(got.Data()[i]-v)))
		of = max(of, math.Abs(float64(v)))
	}
	return difference / of
}
