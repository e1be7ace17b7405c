package train_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/train"
)

func ExampleTrainer() {
	set := stripes(60)
	rng := rand.New(rand.NewPCG(1, 1))
	loader, err := data.NewLoader(set, data.LoaderConfig{Batch: 20, Shuffle: true, Norm: set.Norm(), Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	model := nn.Sequential{nn.Flatten{}, nn.NewLinear(36, 3, rng)}
	sgd, err := optim.NewSGD(nn.Params(model), optim.SGDConfig{Momentum: 0.9})
	if err != nil {
		fmt.Println(err)
		return
	}

	trainer := &train.Trainer{
		Model:     model,
		Loader:    loader,
		Optimizer: sgd,
		Schedule:  optim.Cosine{Peak: 0.1},
		Epochs:    10,
	}
	if _, err := trainer.Run(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	score, err := train.Evaluate(context.Background(), model, set, set.Norm(), 60)
	fmt.Println(score.Accuracy() > 0.9, err)
	// Output: true <nil>
}
