package unravel

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// studied is what scores come from: a study, and what it is asked.
type studied struct {
	study Study
	net   *resnet.Net // of study
	plan  Plan
	do    Step
	patch Patch
}

func studiedNet() *studied {
	rng := rand.New(rand.NewPCG(4, 4))
	net := newResNet(rng, resnet.Config{Blocks: []int{3}, Width: 2, Image: resnet.Shape{Height: 4, Width: 4, Channels: 1}, Classes: 3})
	return &studied{
		net: net,
		study: Study{net: net, batches: []data.Batch{
			randomBatch(rng, 3, 4, 4, 4, 1), randomBatch(rng, 3, 4, 4, 4, 1), randomBatch(rng, 3, 4, 4, 4, 1),
		}, opts: Options{Seed: 5}},
		patch: Patch{0, 2},
	}
}

// asked sets the ablation of block 1 of the plan and of the patch.
func (s *studied) asked(do Ablation) *studied {
	s.plan = Plan{{Block: 0}, {Block: 1, Do: do, Amount: 0.5, Draw: 1}, {Block: 2}}
	s.do = s.plan[1]
	return s
}

// measure returns the score of the plan on batch 1 and what the patch does to it, each with its key.
func (s *studied) measure(t *testing.T) (plan, patch line) {
	study := s.study
	study.opts.Journal = openJournal(t, filepath.Join(t.TempDir(), "journal"), Identity(nn.State(s.net)))
	_, err := study.Evaluate(t.Context(), []Plan{s.plan})
	require.NoError(t, err)
	_, err = study.PatchPaths(t.Context(), s.do, []Patch{s.patch})
	require.NoError(t, err)
	require.NoError(t, study.opts.Journal.Close())
	err = readFile(study.opts.Journal.path, func(l line) error {
		switch {
		case l.Batch != 1:
		case l.Size == 0:
			plan = l
		default:
			patch = l
		}
		return nil
	})
	require.NoError(t, err)
	return plan, patch
}

// Whatever a score depends on is in its key: for each thing that a study is made of and each ablation, a change that
// changes the score changes the key, and some ablation's score does change.
func TestKeysHoldAllThatScoresDependOn(t *testing.T) {
	other := func(b data.Batch) data.Batch {
		x := b.X.Clone()
		tensor.Scale(x, x, 3)
		return data.Batch{X: x, Labels: b.Labels}
	}
	images := normal(rand.New(rand.NewPCG(6, 6)), 1, 8, 4, 4, 1)
	for name, c := range map[string]struct {
		change      func(s *studied)
		plan, patch bool // whose score it changes
	}{
		"weights": {func(s *studied) { w := batchNorms(s.net)[0].Weight.Value; tensor.Scale(w, w, 2) }, true, true},
		"running statistics": {func(s *studied) {
			v := batchNorms(s.net)[0].RunningVar
			tensor.Scale(v, v, 2)
		}, true, true},
		"seed":           {func(s *studied) { s.study.opts.Seed++ }, true, true},
		"examples":       {func(s *studied) { s.study.batches[1] = other(s.study.batches[1]) }, true, true},
		"labels":         {func(s *studied) { s.study.batches[1].Labels = []int{2, 1, 0, 2} }, true, true},
		"other examples": {func(s *studied) { s.study.batches[2] = other(s.study.batches[2]) }, true, true},
		"batches before": {func(s *studied) { s.study.batches[0], s.study.batches[1] = s.study.batches[1], s.study.batches[0] }, true, true},
		"a batch less":   {func(s *studied) { s.study.batches = s.study.batches[:2] }, true, true},
		"reference":      {func(s *studied) { s.study.opts.Reference = s.study.batches[:1] }, true, true},
		"recalibration":  {func(s *studied) { s.study.opts.Recalibrate = recalibrating(s.net, images) }, true, false},
		"block":          {func(s *studied) { s.plan[1].Block = 2; s.patch.From = 1 }, true, true},
		"amount":         {func(s *studied) { s.plan[1].Amount = 0.25; s.do.Amount = 0.25 }, true, true},
		"draw":           {func(s *studied) { s.plan[1].Draw = 2; s.do.Draw = 2 }, true, true},
		"order":          {func(s *studied) { s.plan[0], s.plan[1] = s.plan[1], s.plan[0]; s.patch.To = 3 }, true, true},
		"a step less":    {func(s *studied) { s.plan = s.plan[:2] }, true, false},
		"another ablation": {func(s *studied) {
			s.do.Do = (s.do.Do + 1) % Ablation(len(ablationNames))
			s.plan[1].Do = s.do.Do
		}, true, true},
		"memory": {func(s *studied) { s.study.opts.Memory = 1 }, false, false},
	} {
		t.Run("changed="+name, func(t *testing.T) {
			var plans, patches bool
			for do := range Ablation(len(ablationNames)) {
				plan, patch := studiedNet().asked(do).measure(t)
				s := studiedNet().asked(do)
				c.change(s)
				newPlan, newPatch := s.measure(t)
				if !plan.same(newPlan.finding) {
					plans = true
					require.NotEqual(t, plan.Key, newPlan.Key, "plan, %v", do)
				}
				if !patch.same(newPatch.finding) {
					patches = true
					require.NotEqual(t, patch.Key, newPatch.Key, "patch, %v", do)
				}
			}
			require.Equal(t, c.plan, plans, "plan's score changes")
			require.Equal(t, c.patch, patches, "patch's score changes")
		})
	}
}

// What a score does not depend on leaves its key alone, so that sweeps find what they know.
func TestKeysStayWhatTheyAre(t *testing.T) {
	for name, change := range map[string]func(s *studied){
		"nothing":        func(*studied) {},
		"memory":         func(s *studied) { s.study.opts.Memory = 1 },
		"progress":       func(s *studied) { s.study.opts.Progress = func(int, int) {} },
		"logits":         func(s *studied) { s.study.opts.OnLogits = func(int, int, *tensor.Tensor) error { return nil } },
		"other examples": func(s *studied) { s.study.batches[2].X.Data()[0]++ },
		"fewer batches":  func(s *studied) { s.study.batches = s.study.batches[:2] },
	} {
		plan, patch := studiedNet().asked(Noise).measure(t)
		s := studiedNet().asked(Noise)
		change(s)
		newPlan, newPatch := s.measure(t)
		require.Equal(t, plan.Key, newPlan.Key, name)
		require.Equal(t, patch.Key, newPatch.Key, name)
	}
}

// A journal that an earlier version wrote is read, and what it says is believed: the scores here are not the net's.
func TestJournalsOfEarlierVersions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	const text = `{"key":"71f270899b125177159d911b192a10b4","plan":"0-1","batch":0,"score":{"examples":2,"correct":1,"loss_sum":8}}
{"key":"a94a701202f2d24ec47a7052ea64c880","plan":"0-1","batch":1,"score":{"examples":2,"correct":0,"loss_sum":0.5,"non_finite":1}}
{"key":"f9137330f2a9323dfc3b10ecdf30672c","plan":"noise:0*0.1#3","batch":0,"score":{"examples":2,"correct":2,"loss_sum":0.43476149644004214}}
{"key":"73f904cd1829c490cceca26b775cab94","plan":"noise:0*0.1#3","batch":1,"score":{"examples":2,"correct":2,"loss_sum":0.4221913205868786}}
{"key":"392612ea76e249f5660a95e4b1b61dba","plan":"0 dataset-mean:1","batch":0,"score":{"examples":2,"correct":2,"loss_sum":3}}
{"key":"06026b2b7122f0c82a8447ab2f56ec0c","plan":"0 dataset-mean:1","batch":1,"score":{"examples":2,"correct":2,"loss_sum":4}}
{"key":"c3cf9ab8c17d69f6e48d9518f8ab56c7","plan":"delete:0 \u003e 1","batch":0,"score":{"examples":2,"correct":2,"loss_sum":1},"change":2,"size":3}
{"key":"530200736a352253208bae6e54cc2f06","plan":"delete:0 \u003e 1","batch":1,"score":{"examples":2,"correct":1,"loss_sum":1},"change":1,"size":9}
`
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	batch := data.Batch{X: tensor.From([]float32{1, 0, 0, 1}, 2, 2), Labels: []int{0, 1}}
	net, _ := newLinear(rand.New(rand.NewPCG(1, 1)), 2, 2, 0.5)
	s := Study{net: net, batches: []data.Batch{batch, batch}, opts: Options{Seed: 7, Journal: openJournal(t, path, "net 1")}}
	s.opts.OnLogits = func(int, int, *tensor.Tensor) error { return errors.New("computed again") }
	scores, err := s.Evaluate(t.Context(), []Plan{Whole(ofLen(2)), {{Block: 0, Do: Noise, Amount: 0.1, Draw: 3}}})
	require.NoError(t, err)
	require.Equal(t, []data.Score{{Examples: 4, Correct: 1, LossSum: 8.5, NonFinite: 1}, {Examples: 4, Correct: 4, LossSum: 0.43476149644004214 + 0.4221913205868786}}, scores)
	s.opts.Reference = s.batches[:1]
	scores, err = s.Evaluate(t.Context(), []Plan{Ablate(ofLen(2), DatasetMean, 1)})
	require.NoError(t, err)
	require.Equal(t, []data.Score{{Examples: 4, Correct: 4, LossSum: 7}}, scores)
	patches, err := s.PatchPaths(t.Context(), Step{Do: Delete}, []Patch{{0, 1}})
	require.NoError(t, err)
	require.Equal(t, []PatchScore{{Patch{0, 1}, "block 0 > block 1", data.Score{Examples: 4, Correct: 3, LossSum: 2}, 0.5}}, patches)
}

// made is a module of the given parts.
type made struct {
	nn.Identity
	parts []nn.Part
}

func (m made) Parts() []nn.Part { return m.parts }

func TestIdentity(t *testing.T) {
	a := nn.Part{Name: "a", Buffer: tensor.From([]float32{1, 2, 3, 4}, 2, 2)}
	b := nn.Part{Name: "b", Buffer: tensor.From([]float32{5}, 1)}
	seen := map[string]bool{}
	for _, parts := range [][]nn.Part{
		{a, b}, {b, a}, {a}, nil,
		{{Name: "a", Buffer: tensor.From([]float32{1, 2, 3, 4}, 4)}, b},
		{{Name: "x", Buffer: a.Buffer}, b},
		{{Name: "a", Buffer: tensor.From([]float32{1, 2, 3, 4.0000005}, 2, 2)}, b},
	} {
		state := nn.State(made{parts: parts})
		id := Identity(state)
		require.False(t, seen[id])
		seen[id] = true
		require.Equal(t, id, Identity(state))
	}
}

// Plans that differ in what their scores depend on have different keys, however they are put together.
func TestPlansHaveDifferentKeys(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	s, _ := journalled()
	s.opts.Journal = &Journal{identity: "net"}
	k := s.keys()
	seen := map[string]string{}
	for range 20000 {
		var p Plan
		for range rng.IntN(5) {
			step := Step{Block: rng.IntN(12), Do: Ablation(rng.IntN(len(ablationNames)))}
			if step.Do == Noise || step.Do == Scale {
				step.Amount = []float32{0, 1, 0.5, 1e-8, 12}[rng.IntN(5)]
			}
			if step.Do == Noise || step.Do == Resample {
				step.Draw = []uint64{0, 1, 11, 1 << 63}[rng.IntN(4)]
			}
			p = append(p, step)
		}
		recalibrated := rng.IntN(2) == 0
		key, what := k.of(0, k.plan(p, recalibrated)), fmt.Sprintf("%#v %v", p, recalibrated)
		if old, ok := seen[key]; ok {
			require.Equal(t, old, what)
		}
		seen[key] = what
	}
}
