package boost_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/boost"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// Boost small networks on a ring inside a square: no line separates the two classes.
func ExampleFit() {
	const side = 20
	x, labels := tensor.New(side*side, 2), make([]int, side*side)
	for i := range labels {
		a, b := float32(i/side)/10-0.95, float32(i%side)/10-0.95
		x.Set(a, i, 0)
		x.Set(b, i, 1)
		if r := a*a + b*b; 0.2 < r && r < 0.8 {
			labels[i] = 1
		}
	}
	ring, err := boost.DataOf(data.Batch{X: x, Labels: labels}, 2)
	if err != nil {
		fmt.Println(err)
		return
	}

	falling, last := true, 1.0
	ensemble, err := boost.Fit(context.Background(), ring, boost.Config{
		Loss:    boost.Softmax{},
		Learner: boost.MLP{Hidden: 16, Training: boost.Training{Epochs: 40, Batch: 40, Rate: 0.01}},
		Stages:  10,
		Rate:    0.5,
		OnStage: func(r boost.Report) error {
			falling, last = falling && r.Train.Loss() < last, r.Train.Loss()
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	fmt.Println(ensemble.Len(), "stages, loss falls at each:", falling)
	fmt.Println("more than 95 % right:", data.ScoreOf(ensemble.Predict(x), labels).Accuracy() > 0.95)
	// Output:
	// 10 stages, loss falls at each: true
	// more than 95 % right: true
}

// An ensemble is a residual network whose blocks are its stages: here the third is deleted.
func ExampleEnsemble() {
	x := tensor.From([]float32{0, 1, 2, 3}, 4, 1)
	y := tensor.From([]float32{0, 1, 4, 9}, 4, 1)
	e, err := boost.Fit(context.Background(), boost.Data{X: x, Y: y}, boost.Config{
		Loss:    boost.SquaredError{},
		Learner: boost.MLP{Hidden: 4},
		Stages:  5,
		Rate:    0.5,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	state := e.Stem(autograd.Const(x)) // [x | F]
	for m := range e.Len() {
		if m == 2 {
			state = e.Join(m, e.Skip(m, state), nil)
			continue
		}
		state = e.Join(m, e.Skip(m, state), e.Branch(m, state))
	}
	fmt.Println(state.Shape(), e.Head(state).Shape())
	// Output: [4 2] [4 1]
}

// Rank the rows of each group: LambdaMART.
func ExampleLambdaRank() {
	var d boost.Data
	x, grades := tensor.New(300, 2), tensor.New(300, 1)
	rng := rand.New(rand.NewPCG(1, 0))
	for i := range 300 {
		query := i / 10
		relevance := rng.Float32()
		x.Set(relevance*relevance, i, 0)
		x.Set(float32(query), i, 1)
		grades.Set(float32(int(4*relevance)), i, 0)
		d.Group = append(d.Group, query)
	}
	d.X, d.Y = x, grades
	folds, err := boost.CrossValidate(context.Background(), d, boost.Config{
		Loss:     boost.LambdaRank{},
		Learner:  boost.Tree{Depth: 3, L2: 1},
		Stages:   50,
		Rate:     0.3,
		Newton:   true,
		Metric:   boost.NDCG(5),
		Patience: 10,
	}, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, fold := range folds {
		fmt.Println(len(fold.Held), "rows held out, NDCG@5 above 0.98:", fold.Metric > 0.98)
	}
	// Output:
	// 100 rows held out, NDCG@5 above 0.98: true
	// 100 rows held out, NDCG@5 above 0.98: true
	// 100 rows held out, NDCG@5 above 0.98: true
}

// Trees whose splits are soft, fitted by gradient descent as small networks are.
func ExampleSoftTrees() {
	x, y := tensor.New(200, 3), tensor.New(200, 1)
	rng := rand.New(rand.NewPCG(1, 0))
	for i := range x.Data() {
		x.Data()[i] = rng.Float32()
	}
	for i := range 200 { // an exclusive or of two columns; the third is noise
		if (x.At(i, 0) > 0.5) != (x.At(i, 1) > 0.5) {
			y.Set(1, i, 0)
		}
	}
	ensemble, err := boost.Fit(context.Background(), boost.Data{X: x, Y: y}, boost.Config{
		Loss:    boost.Logistic{},
		Learner: boost.SoftTrees{Trees: 4, Depth: 3, Training: boost.Training{Epochs: 60, Batch: 50, Rate: 0.02}},
		Stages:  4,
		Rate:    0.5,
		Newton:  true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	right := 0
	for i, score := range ensemble.Predict(x).Data() {
		if (score > 0) == (y.At(i, 0) == 1) {
			right++
		}
	}
	fmt.Println("more than 95 % right:", right > 190)
	// Output: more than 95 % right: true
}

// The blocks of a residual network, trained one at a time. Afterwards it is a net like any other.
func ExampleBoostResNet() {
	net, err := resnet.New(resnet.Config{Blocks: []int{1, 1}, Width: 4, Classes: 2, Image: resnet.Shape{Height: 8, Width: 8, Channels: 1}},
		rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		fmt.Println(err)
		return
	}
	x, labels := tensor.New(40, 8, 8, 1), make([]int, 40)
	for i := range labels { // bright or dark
		labels[i] = i % 2
		x.Slice(i, i+1).Fill(float32(i%2) + float32(i)/80)
	}
	images, err := boost.DataOf(data.Batch{X: x, Labels: labels}, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = boost.BoostResNet(context.Background(), net, images, boost.BoostResNetConfig{
		Training: boost.Training{Batch: 10, Rate: 0.01},
		OnModule: func(m boost.WeakModule) error {
			fmt.Println(m.Name, m.Train.Error() <= m.Exponential)
			return nil
		},
	})
	fmt.Println(net.Forward(autograd.Const(x)).Shape(), err)
	// Output:
	// stem true
	// layer1.0 true
	// layer2.0 true
	// [40 2] <nil>
}
