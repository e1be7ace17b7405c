package unravel

import (
	"context"
	"maps"
	"math/rand/v2"
	"sync"

	"github.com/residuum-go/residuum/boost"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// animal is a net with a batch of three classes for it.
type animal struct {
	net   Network
	batch data.Batch
}

// zoo is every kind of net that the studies are tested on, by name: toys with all that a network may do, the
// real ones of package resnet, and boosted ensembles. Tests only read them.
var zoo = sync.OnceValue(func() map[string]animal {
	rng := rand.New(rand.NewPCG(1, 2))
	linear, _ := newLinear(rng, 8, 3, 0.5)
	all := map[string]animal{
		"mlp":    {newMLP(rng, 9, 0.7, 0.1), randomBatch(rng, 3, 7, 4)},
		"conv":   {newConvNet(rng), randomBatch(rng, 3, 4, 6, 6, 2)},
		"linear": {linear, randomBatch(rng, 3, 5, 3)},
	}
	maps.Copy(all, residual())
	maps.Copy(all, boosted())
	return all
})

// residual is a small net of every kind that package resnet has.
func residual() map[string]animal {
	all := map[string]animal{}
	for name, vary := range map[string]func(*resnet.Config){
		"preactivation A":            func(c *resnet.Config) {},
		"preactivation B":            func(c *resnet.Config) { c.Shortcut = resnet.OptionB },
		"preactivation C":            func(c *resnet.Config) { c.Shortcut = resnet.OptionC },
		"preactivation A bottleneck": func(c *resnet.Config) { c.Bottleneck = true },
		"preactivation B bottleneck": func(c *resnet.Config) { c.Shortcut, c.Bottleneck = resnet.OptionB, true },
		"original A":                 func(c *resnet.Config) { c.Kind = resnet.Original },
		"original B":                 func(c *resnet.Config) { c.Kind, c.Shortcut = resnet.Original, resnet.OptionB },
		"original C":                 func(c *resnet.Config) { c.Kind, c.Shortcut = resnet.Original, resnet.OptionC },
		"original B bottleneck": func(c *resnet.Config) {
			c.Kind, c.Shortcut, c.Bottleneck, c.StemPool = resnet.Original, resnet.OptionB, true, true
		},
		"no batch norm":    func(c *resnet.Config) { c.WithoutBatchNorm = true },
		"plain":            func(c *resnet.Config) { c.Kind = resnet.Plain },
		"plain bottleneck": func(c *resnet.Config) { c.Kind, c.Bottleneck = resnet.Plain, true },
		"vgg":              func(c *resnet.Config) { c.Kind = resnet.VGG },
	} {
		c := resnet.Config{Blocks: []int{2, 2, 1}, Width: 2, Image: resnet.Shape{Height: 7, Width: 6, Channels: 2}, Classes: 3}
		vary(&c)
		rng := rand.New(rand.NewPCG(3, 4))
		all[name] = animal{newResNet(rng, c), randomBatch(rng, 3, 3, 7, 6, 2)}
	}
	return all
}

// batchNorms returns those of a net.
func batchNorms(net nn.Module) []*nn.BatchNorm2D {
	var norms []*nn.BatchNorm2D
	for _, m := range nn.Modules(net) {
		if b, ok := m.(*nn.BatchNorm2D); ok {
			norms = append(norms, b)
		}
	}
	return norms
}

// newResNet returns a net whose batch norms are such as training might have left them.
func newResNet(rng *rand.Rand, c resnet.Config) *resnet.Net {
	net, err := resnet.New(c, rng)
	if err != nil {
		panic(err)
	}
	for _, b := range batchNorms(net) {
		n := b.Weight.Value.Len()
		for _, p := range []*tensor.Tensor{b.Bias.Value, b.RunningMean} {
			tensor.Copy(p, normal(rng, 0.2, n))
		}
		for _, p := range []*tensor.Tensor{b.Weight.Value, b.RunningVar} {
			tensor.Exp(p, normal(rng, 0.2, n))
		}
	}
	return net
}

// boosted is a boosted ensemble whose learners see x alone, and one whose learners see each other.
func boosted() map[string]animal {
	rng := rand.New(rand.NewPCG(5, 6))
	batch := randomBatch(rng, 3, 8, 4)
	fit, err := boost.DataOf(batch, 3)
	if err != nil {
		panic(err)
	}
	all := map[string]animal{}
	for name, chained := range map[string]bool{"boosted": false, "boosted, chained": true} {
		e, err := boost.Fit(context.Background(), fit, boost.Config{
			Loss: boost.Softmax{}, Stages: 4, Rate: 0.5, Chained: chained,
			Learner: boost.MLP{Hidden: 3, Training: boost.Training{Epochs: 30, Batch: 8, Rate: 0.05}},
		})
		if err != nil {
			panic(err)
		}
		all[name] = animal{e, batch}
	}
	return all
}
