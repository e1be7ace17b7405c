package main

import (
	"fmt"
	"slices"

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
