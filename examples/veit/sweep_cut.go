package main

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/unravel"
)

// unit is the least that a sweep is cut into: the training of a net, a study of it, or a piece of a study's plans.
type unit struct {
	Net   string `json:"net"`
	Seed  uint64 `json:"seed"`
	Part  string `json:"part"`
	Piece int    `json:"piece"` // from 0 on
	Of    int    `json:"of"`    // pieces
}

func (u unit) String() string {
	s := fmt.Sprintf("%s, seed %d: %s", u.Net, u.Seed, u.Part)
	if u.Of > 1 {
		s += fmt.Sprintf(" (%d/%d)", u.Piece+1, u.Of)
	}
	return s
}

// pieces is how many a study's plans are cut into: enough for parts to be even, and few enough for plans with a common
// beginning to stay together.
const pieces = 16

// units lists the pieces of a part. A boosted ensemble is not kept, and whoever puts pieces together would have to fit
// it again: its studies, which are cheap, stay whole.
func (j *job) units(p part) []unit {
	n := 1
	if p.points != nil && !j.ensemble() {
		n = pieces
	}
	all := make([]unit, n)
	for i := range all {
		all[i] = unit{j.res.Name, j.seed, p.name, i, n}
	}
	return all
}

// training is the one unit of the part of that name.
func (j *job) training() []unit { return j.units(part{name: trainingPart}) }

// ensemble reports whether the net is boosted.
func (j *job) ensemble() bool { return slices.Contains(boosted, j.res.Name) }

// plansOf returns the plans of some pieces, which are of one part, out of all its plans.
func plansOf(some []unit, points []unravel.Point) []unravel.Plan {
	var all, mine []unravel.Plan
	for _, p := range points {
		all = append(all, p.Plans...)
	}
	for _, u := range some {
		mine = append(mine, unravel.Shard{Index: u.Piece, Count: u.Of}.Plans(all)...)
	}
	return mine
}

// work is a unit with what it costs, in multiply-adds: by itself, and once for each process that has anything of its
// net, which each trains for itself. To train a net again takes no longer than to wait until another process has trained
// it, and no part depends on another.
type work struct {
	unit
	cost, training int64
}

// work lists all units of the run, in the order in which one process does them.
func (r *run) work() ([]work, error) {
	var all []work
	for _, j := range r.nets() {
		pass, err := j.passCost()
		if err != nil {
			return nil, err
		}
		training := pass * j.trainingPasses()
		all = append(all, work{j.training()[0], 0, training})
		for _, p := range j.parts() {
			units := j.units(p)
			for _, u := range units {
				all = append(all, work{u, pass * p.passes(j) / int64(len(units)), training})
			}
		}
	}
	return all, nil
}

// partition deals work to count parts, each of which has neighbours, so that the most costly part costs as little as can be.
// Parts at the end may have nothing.
func partition(all []work, count int) [][]unit {
	var least, most int64 // a part costs at least the former, and none more than the latter
	for _, w := range all {
		least, most = max(least, w.cost+w.training), most+w.cost+w.training
	}
	for least < most {
		if limit := least + (most-least)/2; len(deal(all, limit)) <= count {
			most = limit
		} else {
			least = limit + 1
		}
	}
	parts := deal(all, most)
	for len(parts) < count {
		parts = append(parts, nil)
	}
	return parts
}

// deal gives each part as much as it may cost, which is no less than any unit does.
func deal(all []work, limit int64) [][]unit {
	var parts [][]unit
	var load int64
	for i, w := range all {
		more := w.cost
		if i == 0 || w.Net != all[i-1].Net || w.Seed != all[i-1].Seed {
			more += w.training
		}
		if i == 0 || load+more > limit {
			parts, load, more = append(parts, nil), 0, w.cost+w.training
		}
		load += more
		last := len(parts) - 1
		parts[last] = append(parts[last], w.unit)
	}
	return parts
}

// costOf is what some units of all cost together.
func costOf(some []unit, all []work) int64 {
	of := map[unit]work{}
	for _, w := range all {
		of[w.unit] = w
	}
	var sum int64
	for i, u := range some {
		if sum += of[u].cost; i == 0 || u.Net != some[i-1].Net || u.Seed != some[i-1].Seed {
			sum += of[u].training
		}
	}
	return sum
}

// What things cost, in forward passes of an image. The numbers are of a machine with AVX-512, and only shares count.
const (
	stepPasses    = 3  // of a step of training: forward, and backward by inputs and by weights
	elementCost   = 40 // multiply-adds that pass in the time that an element of a state takes between two layers
	perceptronFit = 30 // passes of each row through a perceptron that is fitted
)

// passCost is what a forward pass of an image costs, in multiply-adds.
func (j *job) passCost() (int64, error) {
	if j.ensemble() {
		return int64(j.cfg.Blocks) * hiddenUnits * int64(j.train.Height*j.train.Width*j.train.Channels+j.train.Classes), nil
	}
	cfg, _ := j.convolutional(j.res.Name)
	net, err := resnet.New(cfg, rand.New(rand.NewPCG(0, 0)))
	if err != nil {
		return 0, err
	}
	cost := net.MultiplyAdds()
	for i := range net.Len() {
		out := net.Block(i).Out
		cost += elementCost * int64(out.Height*out.Width*out.Channels)
	}
	return cost, nil
}

func (j *job) trainingPasses() int64 {
	images := int64(j.train.Len())
	if j.ensemble() {
		return perceptronFit * images
	}
	tests := int64(j.epochs()*j.test.Len() + readings*j.studied.Len())
	return stepPasses*images*int64(j.epochs()) + tests + int64(len(j.snapshotSteps()))*j.lengthPasses(0)
}

func (j *job) deletionPasses() int64 {
	return int64(j.studied.Len()) * int64(j.blocks()/2+1) // the blocks before the lesion are shared
}

func (j *job) randomDeletionPasses() int64 {
	run := 0 // blocks
	for _, k := range deletionCounts(j.blocks()) {
		run += j.cfg.Draws * (j.blocks() - k)
	}
	return int64(j.studied.Len()) * int64(run) / int64(j.blocks())
}

func (j *job) swapPasses() int64 {
	return int64(j.studied.Len()) * int64(len(swapCounts(j.blocks()))*j.cfg.Draws)
}

func (j *job) recalibratedPasses() int64 {
	return int64(j.blocks()+1) * int64(j.studied.Len()+calibrationImages)
}

func (j *job) gradientPasses() int64 { return j.lengthPasses(samplesByLength + signDraws) }

// lengthPasses is what the gradients by path length cost, with so many draws for each.
func (j *job) lengthPasses(draws int) int64 {
	return int64(j.graded.Len()) * int64(j.blocks()) * int64(2+draws)
}

func (j *job) forwardPasses() int64 {
	return int64(j.studied.Len()+j.graded.Len()) * int64(j.blocks())
}

func (j *job) linkPasses() int64 { return int64(j.graded.Len()) * int64(j.blocks()) }
