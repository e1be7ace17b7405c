package train_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/train"
)

// A linear model learns to tell columns from rows.
func Example() {
	ctx, set, valid := context.Background(), stripes(60), stripes(30)
	model := nn.Sequential{nn.Flatten{}, nn.NewLinear(36, 3, rand.New(rand.NewPCG(1, 1)))}
	loader, err := data.NewLoader(set, data.LoaderConfig{Batch: 20, Shuffle: true, Norm: set.Norm(), Seed: 1})
	stopOn(err)
	sgd, err := optim.NewSGD(nn.Params(model), optim.SGDConfig{Momentum: 0.9})
	stopOn(err)
	trainer, err := train.New(model, loader, sgd, train.Config{
		Schedule: optim.Cosine{Peak: 0.1}, Epochs: 10,
		Valid: valid,
		OnEpoch: func(e train.Epoch) error {
			if e.Number%5 == 0 {
				fmt.Println("epoch", e.Number, "learnt:", e.Valid.Accuracy() > 0.8)
			}
			return nil
		},
	})
	stopOn(err)
	_, err = trainer.Run(ctx)
	stopOn(err)
	score, err := train.Evaluate(ctx, model, valid.Batches(set.Norm(), 30))
	stopOn(err)
	fmt.Println(score.Examples, "images tested")
	// Output:
	// epoch 5 learnt: true
	// epoch 10 learnt: true
	// 30 images tested
}

func stopOn(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
