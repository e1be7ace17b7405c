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

// work is units of a net with what they cost, in multiply-adds: by themselves, and once for each process that has
// anything of the net, which each trains for itself. To train a net again takes no longer than to wait until another
// process has trained it, and no part depends on another.
type work struct {
	units          []unit
	cost, training int64
}

// follows reports whether w is of the same net as the work before it.
func (w work) follows(last work) bool {
	return w.units[0].Net == last.units[0].Net && w.units[0].Seed == last.units[0].Seed
}

// work lists all units of the run, in the order in which one process does them.
func (r *run) work() ([]work, error) {
	var all []work
	passes := map[string]int64{} // by net: seeds cost alike
	for _, j := range r.nets() {
		pass, known := passes[j.res.Name]
		if !known {
			var err error
			if pass, err = j.passCost(); err != nil {
				return nil, err
			}
			passes[j.res.Name] = pass
		}
		training := pass * j.trainingPasses()
		all = append(all, work{j.training(), 0, training})
		for _, p := range j.parts() {
			units := j.units(p)
			for i := range units {
				all = append(all, work{units[i : i+1], pass * p.passes(j) / int64(len(units)), training})
			}
		}
	}
	return all, nil
}

// partition deals work to at most count parts, each of which has neighbours, so that the most costly part costs little:
// as little as can be, or up to half as much again if nets then stay whole, none of which is trained twice.
func partition(all []work, count int) []parcel {
	limit, whole := least(all, count), nets(all)
	if l := least(whole, count); l <= limit+limit/2 {
		return deal(whole, l)
	}
	return deal(all, limit)
}

// nets puts together what is of one net.
func nets(all []work) (whole []work) {
	for i, w := range all {
		if i == 0 || !w.follows(all[i-1]) {
			whole = append(whole, work{training: w.training})
		}
		last := &whole[len(whole)-1]
		last.units, last.cost = append(last.units, w.units...), last.cost+w.cost
	}
	return whole
}

// least returns what the most costly of count parts costs at best.
func least(all []work, count int) int64 {
	var low, high int64 // it costs at least the former, and no more than the latter
	for _, w := range all {
		low, high = max(low, w.cost+w.training), high+w.cost+w.training
	}
	for low < high {
		if limit := low + (high-low)/2; len(deal(all, limit)) <= count {
			high = limit
		} else {
			low = limit + 1
		}
	}
	return high
}

// parcel is the work of one part.
type parcel struct {
	units []unit
	cost  int64
}

// deal gives each part as much as it may cost, which is no less than any work does.
func deal(all []work, limit int64) []parcel {
	var parts []parcel
	for i, w := range all {
		more := w.cost
		if i == 0 || !w.follows(all[i-1]) {
			more += w.training
		}
		if i == 0 || parts[len(parts)-1].cost+more > limit {
			parts, more = append(parts, parcel{}), w.cost+w.training
		}
		last := &parts[len(parts)-1]
		last.units, last.cost = append(last.units, w.units...), last.cost+more
	}
	return parts
}
