package boost

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/tensor"
)

// queries returns rows of so many groups of 5 to 24 with grades 0 to 4, which depend on the inputs and on how generous the
// grades of the whole group are, which no input says. Rows of the groups are mixed.
func queries(groups int, seed uint64) Data {
	rng := rand.New(rand.NewPCG(seed, 9))
	var d Data
	var x, y []float32
	for g := range groups {
		generous := 1.5 * rng.NormFloat64()
		for range 5 + rng.IntN(20) {
			a, b, c := rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()
			good := math.Sin(2*a) + b*math.Max(c, 0) + 0.3*rng.NormFloat64()
			x = append(x, float32(a), float32(b), float32(c), float32(rng.NormFloat64()))
			y = append(y, float32(min(max(math.Floor(good+generous+1.5), 0), 4)))
			d.Group = append(d.Group, g-groups/2)
		}
	}
	d.X, d.Y = tensor.From(x, len(y), 4), tensor.From(y, len(y), 1)
	return d.rows(rng.Perm(len(y)))
}

// pairwise is what LambdaRank computes, by its definition: value, first and second derivatives of all rows.
func pairwise(d Data, f []float32, top int) (value, slope, curve []float64) {
	n := len(f)
	value, slope, curve = make([]float64, n), make([]float64, n), make([]float64, n)
	grade := func(i int) float64 { return float64(d.Y.Data()[i]) }
	for _, rows := range d.groups() {
		ranks := map[int]int{}
		for _, i := range rows {
			for _, j := range rows {
				if f[j] > f[i] || f[j] == f[i] && j <= i {
					ranks[i]++
				}
			}
		}
		rank := func(i int) int { return ranks[i] }
		grades := []float64{}
		for _, i := range rows {
			grades = append(grades, grade(i))
		}
		slices.Sort(grades)
		slices.Reverse(grades)
		most := 0.0
		for r, y := range grades[:min(top, len(grades))] {
			most += (math.Pow(2, y) - 1) / math.Log2(float64(r)+2)
		}
		same := true
		for _, i := range rows {
			same = same && f[i] == f[rows[0]]
		}
		total := 0.0
		for _, i := range rows {
			for _, j := range rows {
				if grade(i) <= grade(j) || min(rank(i), rank(j)) > top {
					continue
				}
				gain := math.Pow(2, grade(i)) - math.Pow(2, grade(j))
				w := gain * math.Abs(1/math.Log2(1+float64(rank(i)))-1/math.Log2(1+float64(rank(j)))) / most
				behind := float64(f[j]) - float64(f[i])
				if !same {
					w /= 0.01 + math.Abs(behind)
				}
				p := logistic(behind)
				total += w*p + w*p
				pair := w * (math.Max(behind, 0) + math.Log1p(math.Exp(-math.Abs(behind)))) / 2
				value[i], value[j] = value[i]+pair, value[j]+pair
				slope[i], slope[j] = slope[i]-w*p, slope[j]+w*p
				curve[i], curve[j] = curve[i]+w*p*(1-p), curve[j]+w*p*(1-p)
			}
		}
		if total > 0 {
			for _, i := range rows {
				for _, v := range [][]float64{value, slope, curve} {
					v[i] *= math.Log2(1+total) / total
				}
			}
		}
	}
	return value, slope, curve
}

func TestLambdasByTheirDefinition(t *testing.T) {
	many := queries(40, 1)
	n := many.Y.Len()
	one := Data{X: many.X, Y: many.Y, Group: make([]int, n)}
	steps := tensor.New(n, 1)
	for i := range n {
		steps.Data()[i] = float32(i % 4)
	}
	for name, f := range map[string]*tensor.Tensor{
		"apart": random(2, n, 1), "equal": tensor.New(n, 1), "steps": steps, "far": tensor.Scale(nil, random(3, n, 1), 300),
	} {
		for _, l := range []LambdaRank{{}, {Truncation: 1}, {Truncation: 4}, {Truncation: 1000}} {
			for _, d := range []Data{many, one} {
				top := l.Truncation
				if top == 0 {
					top = 30
				}
				value, slope, curve := pairwise(d, f.Data(), top)
				loss := l.Of(d)
				rows := loss.Rows(autograd.Const(f), d.Y).Value()
				g, h, again := gradient(nil, loss, f, d), hessian(nil, loss, f, d), hessianByAutograd(loss, f, d.Y)
				for i := range n {
					require.InDelta(t, value[i], rows.At(i), 1e-6*(1+value[i]), name)
					require.InDelta(t, slope[i], g.At(i, 0), 1e-6*(1+math.Abs(slope[i])), name)
					require.InDelta(t, curve[i], h.At(i, 0), 1e-6, name)
					require.InDelta(t, h.At(i, 0), again.At(i, 0), 1e-6*float64(h.At(i, 0))+1e-40)
				}
			}
		}
	}
	f := random(4, n, 1)
	require.Equal(t, gradient(nil, LambdaRank{}.Of(one), f, one), gradient(nil, LambdaRank{}, f, one), "without groups all rows are one")
	require.Panics(t, func() { LambdaRank{}.Of(one).Rows(autograd.Const(tensor.New(8, 1)), one.Y) })
}

// rankings is testdata/rank.json, what LightGBM and XGBoost make of the same grades and scores.
type rankings struct {
	Grades, Scores, Apart []float32
	Group                 []int
	Steps                 []struct {
		Library    string
		Truncation int
		L2         float64
		Curvature  float64   // the library's Hessian over ours
		Steps      []float64 // -g / (h + L2) of each row
	}
	Metrics []struct {
		Library, Name string
		At            int
		Value         float64
	}
}

func readRankings(t *testing.T) (r rankings, d Data, f *tensor.Tensor) {
	t.Helper()
	text, err := os.ReadFile("testdata/rank.json") // of testdata/rank_reference.py
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &r))
	n := len(r.Grades)
	return r, Data{X: tensor.New(n, 1), Y: tensor.From(r.Grades, n, 1), Group: r.Group}, tensor.From(r.Scores, n, 1)
}

func TestLambdasAreThoseOfLightGBMAndXGBoost(t *testing.T) {
	r, d, f := readRankings(t)
	require.Len(t, r.Steps, 8)
	for _, c := range r.Steps {
		loss := LambdaRank{Truncation: c.Truncation}.Of(d)
		g, h := gradient(nil, loss, f, d), hessian(nil, loss, f, d)
		tolerance := 2e-6
		if c.Library == "LightGBM" {
			tolerance = 1e-4 // it looks its sigmoid up in a table of steps of 1e-4
		}
		for i, want := range c.Steps {
			if h.At(i, 0) == 0 {
				require.Zero(t, g.At(i, 0))
				continue
			}
			got := -float64(g.At(i, 0)) / (c.Curvature*float64(h.At(i, 0)) + c.L2)
			require.InDelta(t, want, got, tolerance*(1+math.Abs(want)), "%s, row %d", c.Library, i)
		}
	}
}

func TestMetricsAreThoseOfLightGBMAndXGBoost(t *testing.T) {
	r, d, _ := readRankings(t)
	require.Len(t, r.Metrics, 16)
	f := tensor.From(r.Apart, len(r.Apart), 1)
	for _, c := range r.Metrics {
		m := map[string]func(k int) Metric{"ndcg": NDCG, "map": MAP}[c.Name](c.At)
		require.InDelta(t, c.Value, m.Of(f, d), 2e-6, "%s: %s", c.Library, m.Name)
	}
}

func TestMetricsByHand(t *testing.T) {
	d := Data{Y: tensor.From([]float32{0, 2, 1, 0, 0, 1}, 6, 1), Group: []int{1, 1, 1, 5, 5, 9}}
	f := tensor.From([]float32{3, 2, 1, 0, 0, 0}, 6, 1)
	at := func(r float64) float64 { return 1 / math.Log2(1+r) }
	first := (3*at(2) + at(3)) / (3*at(1) + at(2))
	require.InDelta(t, (first+1+1)/3, NDCG(0).Of(f, d), 1e-12)
	require.InDelta(t, (3*at(2)/(3*at(1)+at(2))+1+1)/3, NDCG(2).Of(f, d), 1e-12)
	require.InDelta(t, ((1./2+2./3)/2+1+1)/3, MAP(0).Of(f, d), 1e-12)
	require.InDelta(t, (0./1+1+1)/3, MAP(1).Of(f, d), 1e-12)
	require.Equal(t, "NDCG@2", NDCG(2).Name)
	require.Equal(t, "MAP", MAP(0).Name)
	d.Weight = tensor.From([]float32{4, 4, 4, 0, 0, 1}, 6)
	require.InDelta(t, (4*first+1)/5, NDCG(0).Of(f, d), 1e-12, "weighted")
	d.Group, d.Weight = nil, nil
	require.InDelta(t, (3*at(2)+at(3)+at(6))/(3*at(1)+at(2)+at(3)), NDCG(0).Of(f, d), 1e-12, "one group")
	require.Panics(t, func() { NDCG(-1) })
	require.Panics(t, func() { MAP(1).Of(tensor.New(6, 2), d) })
}

func lambdaMART(valid *Data) Config {
	return Config{Loss: LambdaRank{}, Learner: Tree{Depth: 4, L2: 1}, Stages: 60, Rate: 0.2, Newton: true, Valid: valid, Metric: NDCG(5)}
}

func TestLambdaMARTRanks(t *testing.T) {
	train, test := queries(200, 1), queries(100, 2)
	c := lambdaMART(&test)
	c.Patience = 10
	reached := []float64{}
	c.OnStage = func(r Report) error {
		require.Contains(t, r.String(), ", NDCG@5 0.")
		reached = append(reached, r.Metric)
		return nil
	}
	e, err := Fit(t.Context(), train, c)
	require.NoError(t, err)
	score := NDCG(5).Of(e.Predict(test.X), test)
	require.Greater(t, score, 0.94)
	require.Equal(t, slices.Max(reached), score)
	require.Equal(t, slices.Index(reached, score)+1, e.Len(), "patience leaves the best stage")
	byGrade, err := Fit(t.Context(), train, Config{Loss: SquaredError{}, Learner: c.Learner, Stages: 60, Rate: 0.2, Newton: true})
	require.NoError(t, err)
	require.Greater(t, score, NDCG(5).Of(byGrade.Predict(test.X), test)+0.03, "better than a regression of the grades")
	for _, other := range []Config{
		{Learner: MLP{Hidden: 16, Training: Training{Rate: 0.01}}}, {Learner: MLP{Hidden: 16, Training: Training{Rate: 0.01}}, Newton: true},
		{Learner: Tree{Depth: 4}}, {Learner: Tree{Depth: 4}, Newton: true, Subsample: 0.5},
	} {
		other.Loss, other.Stages, other.Rate = LambdaRank{Truncation: 5}, 10, 0.3
		e, err := Fit(t.Context(), train, other)
		require.NoError(t, err)
		require.Greater(t, NDCG(5).Of(e.Predict(test.X), test), NDCG(5).Of(tensor.New(test.Y.Len(), 1), test)+0.15)
	}
}

func TestRankingIsTheSameForAnyWorkersNamesAndScalesOfGroups(t *testing.T) {
	d := queries(60, 1)
	weigh := func(scale float32) Data {
		w := d
		w.Weight = tensor.New(d.Y.Len())
		for i, g := range d.Group {
			w.Weight.Data()[i] = scale * float32((g+100)%3)
		}
		return w
	}
	fit := func(d Data) *tensor.Tensor {
		c := lambdaMART(nil)
		c.Metric, c.Stages = Metric{}, 5
		e, err := Fit(t.Context(), d, c)
		require.NoError(t, err)
		return e.Predict(d.X)
	}
	want, renamed := fit(weigh(1)), weigh(1)
	renamed.Group = make([]int, len(d.Group))
	for i, g := range d.Group {
		renamed.Group[i] = math.MaxInt - 7*g
	}
	require.Equal(t, want, fit(renamed))
	for _, scale := range []float32{0x1p-99, 0x1p99} {
		require.Equal(t, want, fit(weigh(scale)))
	}
	for _, workers := range []int{1, 2, 5} {
		restore := parallel.SetWorkers(workers)
		got := fit(weigh(1))
		restore()
		require.Equal(t, want, got)
	}
}

// A group of weight 2 is the same as two groups, and one of weight 0 as none.
func TestWeightsCountGroups(t *testing.T) {
	d := queries(30, 1)
	weighted := d
	weighted.Weight = tensor.New(d.Y.Len())
	var once, again []int
	for i, g := range d.Group {
		w := (g + 30) % 3
		weighted.Weight.Data()[i] = float32(w)
		if w > 0 {
			once = append(once, i)
		}
		if w > 1 {
			again = append(again, i)
		}
	}
	counted := d.rows(slices.Concat(once, again))
	for j := len(once); j < len(counted.Group); j++ {
		counted.Group[j] += 1000
	}
	for _, newton := range []bool{false, true} {
		c := Config{Loss: LambdaRank{}, Learner: line{}, Stages: 3, Rate: 0.5, Newton: newton}
		want, err := Fit(t.Context(), counted, c)
		require.NoError(t, err)
		got, err := Fit(t.Context(), weighted, c)
		require.NoError(t, err)
		requireClose(t, want.Predict(d.X), got.Predict(d.X), 1e-3)
		require.InDelta(t, NDCG(0).Of(want.Predict(counted.X), counted), NDCG(0).Of(got.Predict(d.X), weighted), 1e-6)
	}
}

func TestRankingThatCannotBe(t *testing.T) {
	d := queries(5, 1)
	n := d.Y.Len()
	c := Config{Loss: LambdaRank{}, Learner: Tree{}, Stages: 1, Rate: 1, Newton: true}
	for want, change := range map[string]func(d *Data){
		"no groups to rank in":                func(d *Data) { d.Group = nil },
		"groups of 3 rows":                    func(d *Data) { d.Group = d.Group[:3] },
		"grade 32 at row 4 is not in [0, 31]": func(d *Data) { d.Y = set(d.Y, 32, 4, 0) },
		"grade -1 at row 4 is not in [0, 31]": func(d *Data) { d.Y = set(d.Y, -1, 4, 0) },
		"targets: NaN at row 4":               func(d *Data) { d.Y = set(d.Y, math.NaN(), 4, 0) },
		"want one column of grades":           func(d *Data) { d.Y = tensor.New(n, 2) },
		"of the same group":                   func(d *Data) { d.Weight = set(tensor.Full(1, n), 2, 4) },
		"weights: all are zero":               func(d *Data) { d.Weight = tensor.New(n) },
	} {
		bad := d
		change(&bad)
		_, err := Fit(t.Context(), bad, c)
		require.ErrorIs(t, err, ErrData)
		require.ErrorContains(t, err, want)
		withValid := c
		withValid.Valid = &bad
		_, err = Fit(t.Context(), d, withValid)
		require.ErrorContains(t, err, "validation data")
	}
	requireRefused(t, d, c, map[string]func(c *Config){
		"boost: LambdaRank.Truncation is -1": func(c *Config) { c.Loss = LambdaRank{Truncation: -1} },
		"boost: Config.Metric is NDCG":       func(c *Config) { c.Metric = NDCG(0) },
		"boost: Config.Metric is : want":     func(c *Config) { c.Metric.Of, c.Valid = NDCG(0).Of, &d },
		"boost: Config.Corrective":           func(c *Config) { c.Corrective = &Training{} },
	})
	// Groups of one row, or of one grade, have nothing to rank.
	flat := d
	flat.Y = tensor.Full(3, n, 1)
	e, err := Fit(t.Context(), flat, c)
	require.NoError(t, err)
	require.Equal(t, tensor.New(n, 1), e.Predict(flat.X))
	require.Equal(t, 1.0, NDCG(0).Of(e.Predict(flat.X), flat))
}

func TestFoldsKeepGroupsWhole(t *testing.T) {
	d := queries(23, 1)
	c := lambdaMART(nil)
	c.Stages, c.Patience = 8, 3
	for _, loss := range []Loss{LambdaRank{}, SquaredError{}} {
		c.Loss = loss
		folds, err := CrossValidate(t.Context(), d, c, 4)
		require.NoError(t, err)
		of, rows := map[int]int{}, 0
		for k, fold := range folds {
			for _, i := range fold.Held {
				if before, ok := of[d.Group[i]]; ok {
					require.Equal(t, before, k)
				}
				of[d.Group[i]] = k
			}
			rows += len(fold.Held)
			held := d.rows(fold.Held)
			require.Equal(t, NDCG(5).Of(fold.Ensemble.Predict(held.X), held), fold.Metric)
			require.Equal(t, len(fold.Held), fold.Score.Examples)
		}
		require.Equal(t, d.Y.Len(), rows)
		require.Len(t, of, 23)
		_, err = CrossValidate(t.Context(), d, c, 24)
		require.ErrorIs(t, err, ErrData)
		require.ErrorContains(t, err, "24 folds of 23 rows or groups")
	}
}

// Ensembles that rank are kept in files and judged by columns as others are; a representation needs a loss to minimise.
func TestRankingElsewhere(t *testing.T) {
	train, test := queries(80, 1), queries(40, 2)
	c := lambdaMART(nil)
	c.Metric, c.Stages = Metric{}, 20
	e, err := Fit(t.Context(), train, c)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "ranking")
	require.NoError(t, e.Save(path, data.Card{}))
	again, _, err := Load(path)
	require.NoError(t, err)
	require.Equal(t, e.Predict(test.X), again.Predict(test.X))
	importance, err := e.PermutationImportance(t.Context(), LambdaRank{}, test, rand.New(rand.NewPCG(1, 0)))
	require.NoError(t, err)
	for f := range 3 {
		require.Greater(t, importance[f], 5*math.Abs(importance[3]), "the last column is noise")
	}
	_, err = FitRepresentation(t.Context(), train, RepresentationConfig{Loss: LambdaRank{}, Learner: Linear{}, Layers: 4, Rate: 0.5})
	require.ErrorContains(t, err, "boost: RepresentationConfig.Loss is boost.LambdaRank: want a loss of rows")
}

// A metric that a user wrote decides as those here do; one that is no number is worse than any.
func TestOwnMetric(t *testing.T) {
	train, valid := noise()
	stage := 0
	c := Config{Loss: SquaredError{}, Learner: line{}, Stages: 30, Rate: 0.5, Patience: 4, Valid: &valid, Metric: Metric{"own", func(f *tensor.Tensor, d Data) float64 {
		require.Same(t, valid.X, d.X)
		require.Equal(t, valid.Y.Shape(), f.Shape())
		stage++
		return []float64{math.NaN(), math.NaN(), -3, -2, math.NaN(), -2, -2.5, -2.1, -1}[stage-1] // stage 0 first
	}}}
	e, err := Fit(t.Context(), train, c)
	require.NoError(t, err)
	require.Equal(t, 3, e.Len())
}
