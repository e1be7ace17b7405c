// Command rfrboost measures boosted representations of random features, and boosted trees, on a table of two classes as the
// authors of RFRBoost did, for bench/peers/rfrboost.py: five folds, of which each is held out in turn, and in the rest of the
// rows five more that choose the options. The table is as that of bench/trees, and so small that it takes a minute.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"math"
	"math/rand/v2"
	"os"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/bench/worker"
	"github.com/residuum-go/residuum/boost"
	"github.com/residuum-go/residuum/tensor"
)

// model fits with one of its options and returns what gives scores [N, 2].
type model struct {
	name    string
	options int
	fit     func(option int, d boost.Data) (predictor, error)
}

type predictor interface {
	Forward(x *autograd.Var) *autograd.Var
}

func main() {
	log.SetFlags(0)
	dir, columns := flag.String("dir", ".", "folder of x and y, 32-bit floats"), flag.Int("columns", 1, "columns of x")
	flag.Parse()
	x, y := floats(*dir+"/x"), floats(*dir+"/y")
	out := map[string][]float64{}
	for _, m := range []model{{"rfrboost", len(layers) * len(penalties), random}, {"trees", len(depths) * len(stages), trees}} {
		rows := rand.New(rand.NewPCG(0, 7)).Perm(len(y))
		for fold := range folds {
			fit, held := part(rows, fold)
			right, err := m.held(x, y, *columns, fit, held, m.best(x, y, *columns, fit))
			if err != nil {
				log.Fatal(err)
			}
			out[m.name] = append(out[m.name], right)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		log.Fatal(err)
	}
}

const folds = 5

// part returns the rows that are not in a fold, and those that are.
func part(rows []int, fold int) (fit, held []int) {
	lo, hi := len(rows)*fold/folds, len(rows)*(fold+1)/folds
	return append(append(fit, rows[:lo]...), rows[hi:]...), rows[lo:hi]
}

// best returns the option that is right most often on folds of the rows, the first of equals.
func (m model) best(x, y []float32, columns int, rows []int) (option int) {
	most := -1.0
	for o := range m.options {
		sum := 0.0
		for fold := range folds {
			fit, held := part(rows, fold)
			right, err := m.held(x, y, columns, fit, held, o)
			if err != nil {
				log.Fatal(err)
			}
			sum += right
		}
		if sum > most+1e-9 {
			option, most = o, sum
		}
	}
	return option
}

// held returns the share of held rows that is right after a fit on others. Columns have the mean 0 and variance 1 on these.
func (m model) held(x, y []float32, columns int, fit, held []int, option int) (float64, error) {
	d, test := boost.Data{X: tensor.New(len(fit), columns), Y: tensor.New(len(fit), 2)}, tensor.New(len(held), columns)
	for c := range columns {
		sum, squares := 0.0, 0.0
		for _, i := range fit {
			v := float64(x[i*columns+c])
			sum, squares = sum+v, squares+v*v
		}
		mean := sum / float64(len(fit))
		scale := 1 / math.Sqrt(max(squares/float64(len(fit))-mean*mean, 1e-12))
		for j, i := range fit {
			d.X.Set(float32((float64(x[i*columns+c])-mean)*scale), j, c)
		}
		for j, i := range held {
			test.Set(float32((float64(x[i*columns+c])-mean)*scale), j, c)
		}
	}
	for j, i := range fit {
		d.Y.Set(1, j, int(y[i]))
	}
	p, err := m.fit(option, d)
	if err != nil {
		return 0, err
	}
	scores, right := p.Forward(autograd.Const(test)).Value(), 0
	for j, i := range held {
		if (scores.At(j, 1) > scores.At(j, 0)) == (y[i] == 1) {
			right++
		}
	}
	return float64(right) / float64(len(held)), nil
}

var (
	layers    = []int{1, 3}
	penalties = []float64{1e-3, 1e-1}
	depths    = []int{1, 2, 4}
	stages    = []int{50, 200}
)

func random(option int, d boost.Data) (predictor, error) {
	return boost.FitRepresentation(context.Background(), d, boost.RepresentationConfig{
		Loss: boost.Softmax{}, Learner: boost.RandomFeatures{Width: 512, L2: penalties[option/len(layers)]},
		Layers: layers[option%len(layers)], Rate: 0.3, L2: 1e-2,
	})
}

func trees(option int, d boost.Data) (predictor, error) {
	return boost.Fit(context.Background(), d, boost.Config{
		Loss: boost.Softmax{}, Learner: boost.Tree{Depth: depths[option%len(depths)], L2: 1}, Stages: stages[option/len(depths)],
		Rate: 0.1, Newton: true,
	})
}

func floats(path string) []float32 {
	out, err := worker.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return out
}
