// Package howto holds the recipes of docs/howto.md, which quotes the bodies of its functions; its tests run them.
package howto

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/boost"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/image"
	"github.com/residuum-go/residuum/data/table"
	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/infer"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/serve"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/train"
	"github.com/residuum-go/residuum/unravel"
	"github.com/residuum-go/residuum/weights"
	"github.com/residuum-go/residuum/weights/onnx"
)

func ownImages(ctx context.Context, folder string) *image.Folder {
	set, err := image.OpenFolder(ctx, os.DirFS(folder), image.FolderConfig{
		Preset:       image.Preset{Resize: 36, Crop: 32},
		OnUnreadable: func(err error) error { log.Print(err); return nil }, // and is left out
	})
	stopOn(err)
	return set
}

func classifyAPhotograph(path, photograph string) int {
	net, _, err := resnet.Load(path) // "resnet50-0676ba61.pth": torchvision's file as it is
	stopOn(err)
	preset, err := image.PresetOf("resnet50.IMAGENET1K_V1")
	stopOn(err)
	photo, err := image.Load(photograph)
	stopOn(err)
	logits := net.Forward(autograd.Const(preset.Tensor(photo))).Value()
	return tensor.ArgMax(logits)[0] // the number of the likeliest class
}

func classifyFast(ctx context.Context, net nn.Module, photos *tensor.Tensor) []int {
	program, err := infer.Compile(net, photos.Shape()...) // once; then it may run in any number of goroutines
	stopOn(err)
	logits, err := program.Run(ctx, nil, photos)
	stopOn(err)
	return tensor.ArgMax(logits)
}

func classifyInBytes(ctx context.Context, net nn.Module, samples, photos *tensor.Tensor) []int {
	losses, err := infer.Sensitivity(ctx, net, samples, infer.Quantization{})
	stopOn(err)
	fmt.Print(losses) // a table, in decibels
	program, err := infer.Quantize(ctx, net, samples, infer.Quantization{Float: []string{"conv1"}})
	stopOn(err)
	logits, err := program.Run(ctx, nil, photos)
	stopOn(err)
	return tensor.ArgMax(logits)
}

func otherPeoplesWeights(path string, net *resnet.Net) {
	file, err := weights.Load(path) // a .pth file of PyTorch, or safetensors
	stopOn(err)
	stopOn(net.Assign(file)) // an error says which tensors do not fit, and which net they are of
}

func logitsOfAnONNXFile(path string, images *tensor.Tensor) *tensor.Tensor {
	net, err := onnx.Load(path)
	stopOn(err)
	_, err = net.Check(images.Shape()...) // every node fits images of this size, [N, H, W, C] as everywhere here
	stopOn(err)
	return net.Forward(autograd.Const(images)).Value()
}

func saveAsONNX(path string, net *resnet.Net) {
	in := net.Config().Image
	stopOn(onnx.Save(path, net, in.Height, in.Width, in.Channels))
}

func fineTune(ctx context.Context, path, tuned string, net *resnet.Net, loader *data.Loader) []train.Epoch {
	file, err := weights.Load(path)
	stopOn(err)
	delete(file.Tensors, "fc.weight") // the old head, of other classes; net has a new one
	delete(file.Tensors, "fc.bias")
	_, _, err = weights.AssignMatching(nn.State(net), file)
	stopOn(err)
	nn.Freeze(net)
	for name, layer := range nn.Modules(net) {
		if name == "fc" {
			nn.Unfreeze(layer)
		}
	}
	sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9})
	stopOn(err)
	c := train.Config{Schedule: optim.Cosine{Peak: 0.1}, Epochs: 3, Checkpoint: tuned}
	trainer, err := train.New(net, loader, sgd, c)
	stopOn(err)
	epochs, err := trainer.Run(ctx)
	stopOn(err)
	return epochs
}

func serveAFile(ctx context.Context, path string, listener net.Listener) error {
	load := func() (*serve.Model, error) {
		model, card, err := resnet.Load(path)
		if err != nil {
			return nil, err
		}
		preset := image.Preset{Resize: 36, Crop: 32, Norm: card.Norm}
		input := func(dst []float32, photo *image.Image) { copy(dst, preset.Tensor(photo).Data()) }
		return &serve.Model{Net: model, H: 32, W: 32, C: 3, Classes: card.Classes, Input: input}, nil
	}
	server, err := serve.New(serve.Config{Models: []serve.Source{{Name: "mine", File: path, Load: load}}})
	stopOn(err)
	return server.Serve(ctx, listener) // until ctx is done
}

func keepAnEnsemble(ctx context.Context, images *data.Dataset, path string) *boost.Ensemble {
	norm := images.Norm()
	rows, err := boost.DataOf(images.Batch(norm, 0, images.Len()), images.Classes)
	stopOn(err)
	c := boost.Config{Loss: boost.Softmax{}, Learner: boost.MLP{Hidden: 16}, Stages: 5, Rate: 0.3}
	ensemble, err := boost.Fit(ctx, rows, c)
	stopOn(err)
	stopOn(ensemble.Save(path, data.Card{Norm: norm}))
	again, _, err := boost.Load(path)
	stopOn(err)
	return again
}

func rankATable(ctx context.Context, path string) *boost.Ensemble {
	found, err := table.LoadCSV(path, table.CSVOptions{Categorical: []string{"query"}})
	stopOn(err)
	rows, err := found.Examples(table.Roles{Target: "grade", Group: "query"})
	stopOn(err)
	c := boost.Config{
		Loss: boost.LambdaRank{}, Learner: boost.Tree{L2: 1, Categorical: rows.Categorical}, Newton: true,
		Stages: 300, Rate: 0.1, Metric: boost.NDCG(10), Patience: 20,
	}
	fit := boost.Data{X: rows.X, Y: rows.Y, Group: rows.Group}
	folds, err := boost.CrossValidate(ctx, fit, c, 5) // of whole queries
	stopOn(err)
	for _, fold := range folds {
		fmt.Printf("NDCG@10 %.3f after %d stages\n", fold.Metric, fold.Ensemble.Len())
	}
	return folds[0].Ensemble
}

// gated is a net of one's own: a residual net whose branches are halved.
type gated struct{ *resnet.Net }

// Branch overrides that of the net inside.
func (g gated) Branch(i int, x *autograd.Var) *autograd.Var {
	return autograd.Scale(g.Net.Branch(i, x), 0.5)
}

func takeApart(ctx context.Context, net unravel.Network, batches []data.Batch) ([]data.Score, *unravel.LengthReport) {
	study, err := unravel.NewStudy(net, batches, unravel.Options{})
	stopOn(err)
	scores, err := study.Evaluate(ctx, unravel.DeleteEach(net))
	stopOn(err)
	lengths, err := study.Lengths(ctx, unravel.LengthOptions{Draws: 30})
	stopOn(err)
	return scores, lengths
}

func blocksOfAnONNXFile(path string, height, width, channels int) *graph.Chain {
	net, err := onnx.Load(path)
	stopOn(err)
	g, err := graph.Trace(net, height, width, channels)
	stopOn(err)
	fmt.Println(g) // all ops as a table; g.DOT() draws them
	chain, err := g.Chain()
	stopOn(err) // says where paths meet that make no block
	return chain
}

func stopOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
