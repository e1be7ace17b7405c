// Command models is the Go side of bench/parity/models.py. Without arguments it prints the names of package resnet; with
// one, what PyTorch computed and the files of the net, .pth, .safetensors and .onnx, it prints by how much this library differs.
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
	if len(os.Args) < 5 {
		fmt.Println(strings.Join(resnet.Names(), "\n"))
		return
	}
	d, err := compare(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(d.logits, d.onnx, d.features, d.training, d.gradients)
}

// differences are the largest of each kind: relative to the largest value, those of gradients in the Euclidean norm.
type differences struct{ logits, onnx, features, training, gradients float64 }

// expected is what PyTorch computed.
type expected struct{ tensors map[string]*tensor.Tensor }

func (e expected) images(name string) *tensor.Tensor {
	if e.tensors[name] == nil {
		return nil
	}
	return tensor.Transpose(nil, e.tensors[name], 0, 2, 3, 1)
}

func compare(name, expectedPath, pth, safetensors string, onnxPaths []string) (d differences, err error) {
	file, err := weights.Load(expectedPath)
	if err != nil {
		return d, err
	}
	e := expected{file.Tensors}
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
	d.gradients, err = e.gradients(net)
	return d, err
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
func (e expected) train(net *resnet.Net) *tensor.Tensor {
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

// gradients returns the largest difference of those of a net.
func (e expected) gradients(net *resnet.Net) (float64, error) {
	file := &weights.File{Tensors: map[string]*tensor.Tensor{}} // with the names of a net
	for name, t := range e.tensors {
		if of, ok := strings.CutPrefix(name, "grad."); ok {
			file.Tensors[of] = t
		}
	}
	r, err := resnet.Recognise(file)
	if err != nil {
		return 0, err
	}
	other, err := r.Net()
	if err != nil {
		return 0, err
	}
	want := maps.Collect(nn.Params(other))
	norm := func(name string) float64 { return tensor.Norm(want[name].Value) }
	worst := 0.0
	for name, p := range nn.Params(net) {
		if p.Grad == nil {
			return 0, errors.New(name + " has no gradient")
		}
		scale := norm(name)
		if layer, ok := strings.CutSuffix(name, ".bias"); ok && scale < 1e-9*norm(layer+".weight") {
			scale = norm(layer + ".weight") // in front of a batch norm, where a bias has no gradient but for rounding
		}
		d := tensor.Norm(tensor.Sub(nil, p.Grad, want[name].Value)) / scale
		if os.Getenv("VERBOSE") != "" {
			fmt.Fprintf(os.Stderr, "%-40s %.1e\n", name, d)
		}
		worst = max(worst, d)
	}
	return worst, nil
}

func largest(got, want *tensor.Tensor) float64 {
	difference, of := 0.0, 0.0
	for i, v := range want.Data() {
		difference = max(difference, math.Abs(float64(got.Data()[i]-v)))
		of = max(of, math.Abs(float64(v)))
	}
	return difference / of
}
