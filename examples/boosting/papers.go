package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/residuum-go/residuum/boost"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

// Papers are experiments of the papers that other models come from, in small.
type Papers struct {
	// GrowNet: the parts of the method, each left out in turn.
	Ablation []Ablation `json:"grownet_ablation"`
	// RFRBoost and ResFGB: the regression y = a + b^2 + noise.
	Regression []Layers `json:"regression"`
	// RFRBoost and ResFGB: two classes in rings.
	Rings []Layers `json:"rings"`
}

// Ablation is an ensemble with something left out, for each seed.
type Ablation struct {
	Name string       `json:"name"`
	Test []data.Score `json:"test"`
}

// Layers is a boosted representation, for each seed.
type Layers struct {
	Name string `json:"name"`
	// Test is what it says of new examples before the first layer and after each: the root of the mean square error, or the
	// share of errors.
	Test [][]float64 `json:"test"`
}

// papers repeats the experiments.
func (r *run) papers(ctx context.Context) (*Papers, error) {
	p := &Papers{}
	var err error
	if p.Ablation, err = r.ablation(ctx); err != nil {
		return nil, err
	}
	bar := r.out.Bar("papers, representations")
	kinds := []struct {
		name    string
		learner boost.Learner
	}{
		{"RFRBoost", boost.RandomFeatures{Width: 64, L2: 1e-4}},
		{"ResFGB", boost.MLP{Hidden: 64, Training: boost.Training{Epochs: 20, Batch: batchSize, Rate: 0.01}}},
	}
	for i, k := range kinds {
		regression, rings := Layers{Name: k.name}, Layers{Name: k.name}
		for s := range r.cfg.Seeds {
			c := boost.RepresentationConfig{Learner: k.learner, Layers: 3, Rate: 0.5, L2: 1e-4, Seed: r.cfg.Seed + uint64(s)}
			c.Loss = boost.SquaredError{}
			found, err := layers(ctx, c, parabola, 1600, 400, func(s data.Score) float64 { return math.Sqrt(2 * s.Loss()) })
			if err != nil {
				return nil, fmt.Errorf("%s: %w", k.name, err)
			}
			regression.Test = append(regression.Test, found)
			c.Loss, c.Layers, c.L2 = boost.Softmax{}, 6, 1e-3
			if found, err = layers(ctx, c, circles, 1000, 1000, data.Score.Error); err != nil {
				return nil, fmt.Errorf("%s: %w", k.name, err)
			}
			rings.Test = append(rings.Test, found)
			bar.Show(i*r.cfg.Seeds+s+1, len(kinds)*r.cfg.Seeds)
		}
		p.Regression, p.Rings = append(p.Regression, regression), append(p.Rings, rings)
	}
	return p, nil
}

// ablation leaves out one part of GrowNet after the other.
func (r *run) ablation(ctx context.Context) ([]Ablation, error) {
	corrective := training(1, mlpRate/2)
	whole := boost.Config{
		Loss: boost.Softmax{}, Learner: boost.MLP{Hidden: hidden, Training: training(r.cfg.Epochs, mlpRate)}, Stages: r.cfg.Members,
		Rate: shrinkage, Newton: true, Chained: true, Corrective: &corrective,
	}
	all := []Ablation{{Name: "GrowNet"}, {Name: "without the corrective step"}, {Name: "without second order"}, {Name: "without stacked features"}}
	leaveOut := []func(*boost.Config){
		func(*boost.Config) {}, func(c *boost.Config) { c.Corrective = nil }, func(c *boost.Config) { c.Newton = false }, func(c *boost.Config) { c.Chained = false },
	}
	for i := range all {
		for s := range r.cfg.Seeds {
			c := whole
			leaveOut[i](&c)
			c.Seed, c.Progress = r.cfg.Seed+uint64(s), r.out.Bar("papers, "+all[i].Name).Show
			e, err := boost.Fit(ctx, r.fit, c)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", all[i].Name, err)
			}
			score, err := scoreOf(ctx, e, r.test, r.norm)
			if err != nil {
				return nil, err
			}
			all[i].Test = append(all[i].Test, score)
		}
	}
	return all, nil
}

// layers boosts a representation on examples and measures it on others, after each layer.
func layers(ctx context.Context, c boost.RepresentationConfig, examples func(n int, rng *rand.Rand) boost.Data, train, test int,
	of func(data.Score) float64) ([]float64, error) {
	rng := rand.New(rand.NewPCG(c.Seed, 3))
	fit, held := examples(train, rng), examples(test, rng)
	var out []float64
	c.Valid = &held
	c.OnLayer = func(r boost.Report) error { out = append(out, of(r.Valid)); return nil }
	_, err := boost.FitRepresentation(ctx, fit, c)
	return out, err
}

// parabola is the example of RFRBoost's authors: y = a + b^2 + 0.1 noise, all three normal.
func parabola(n int, rng *rand.Rand) boost.Data {
	d := boost.Data{X: tensor.New(n, 2), Y: tensor.New(n, 1)}
	for i := range n {
		a, b := rng.NormFloat64(), rng.NormFloat64()
		d.X.Set(float32(a), i, 0)
		d.X.Set(float32(b), i, 1)
		d.Y.Set(float32(a+b*b+0.1*rng.NormFloat64()), i, 0)
	}
	return d
}

// circles are two classes that take turns on five rings around the origin.
func circles(n int, rng *rand.Rand) boost.Data {
	d := boost.Data{X: tensor.New(n, 2), Y: tensor.New(n, 2)}
	for i := range n {
		ring := i % 5
		radius, angle := (1+float64(ring)+0.1*rng.NormFloat64())/3, 2*math.Pi*rng.Float64()
		d.X.Set(float32(radius*math.Cos(angle)), i, 0)
		d.X.Set(float32(radius*math.Sin(angle)), i, 1)
		d.Y.Set(1, i, ring%2)
	}
	return d
}
