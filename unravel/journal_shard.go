package unravel

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Shard is one of Count machines' part of a sweep, counted from 0.
type Shard struct{ Index, Count int }

// Plans returns the plans that this shard has to evaluate. The shards of one sweep are disjoint and
// together complete, whatever order the plans come in; each holds plans with common beginnings and
// about as much work as the others. Every machine evaluates its own plans with a [Journal]; after
// [MergeJournals] one that evaluates all plans finds all results there.
func (s Shard) Plans(plans []Plan) []Plan {
	if s.Count < 1 || s.Index < 0 || s.Index >= s.Count {
		panic(fmt.Sprintf("unravel: Shard %d of %d", s.Index, s.Count))
	}
	order := slices.Clone(plans)
	slices.SortStableFunc(order, func(a, b Plan) int { return slices.CompareFunc(a, b, compareSteps) })
	work := make([]int, len(order)) // before each plan, if done in this order
	total := 0
	var last Plan
	for i, p := range order {
		work[i] = total
		total += len(p) - common(last, p)
		last = p
	}
	var mine []Plan
	for i, p := range order {
		if int64(work[i])*int64(s.Count)/int64(max(total, 1)) == int64(s.Index) {
			mine = append(mine, p)
		}
	}
	return mine
}

func compareSteps(a, b Step) int {
	return cmp.Or(cmp.Compare(a.Block, b.Block), cmp.Compare(a.Do, b.Do), cmp.Compare(a.Amount, b.Amount), cmp.Compare(a.Draw, b.Draw))
}

// common returns how many steps a and b begin with in common.
func common(a, b Plan) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// ErrShard says that the environment names a shard that does not exist, or not completely.
var ErrShard = errors.New("unravel: ShardFrom: no such shard")

// ShardFrom reads the shard from environment variables, through a function like os.Getenv:
//
//   - Slurm job arrays: SLURM_ARRAY_TASK_ID, with SLURM_ARRAY_TASK_COUNT, _MIN and _STEP;
//   - Kubernetes Indexed Jobs: JOB_COMPLETION_INDEX, with the job's completions in
//     RESIDUUM_SHARDS, since Kubernetes does not tell a pod how many there are.
//
// Without any of them it is the only shard of one.
func ShardFrom(getenv func(string) string) (Shard, error) {
	number := func(name, otherwise string) int {
		n, err := strconv.Atoi(cmp.Or(getenv(name), otherwise))
		if err != nil {
			return -1 // fails the check below
		}
		return n
	}
	s := Shard{0, 1}
	switch {
	case getenv("SLURM_ARRAY_TASK_ID") != "":
		step := max(number("SLURM_ARRAY_TASK_STEP", "1"), 1)
		first := number("SLURM_ARRAY_TASK_MIN", "0")
		id := number("SLURM_ARRAY_TASK_ID", "")
		s = Shard{-1, number("SLURM_ARRAY_TASK_COUNT", "")}
		if id >= first && (id-first)%step == 0 {
			s.Index = (id - first) / step
		}
	case getenv("JOB_COMPLETION_INDEX") != "":
		s = Shard{number("JOB_COMPLETION_INDEX", ""), number("RESIDUUM_SHARDS", "")}
	}
	if s.Index < 0 || s.Index >= s.Count {
		return s, fmt.Errorf("%w: index %d of %d", ErrShard, s.Index, s.Count)
	}
	return s, nil
}
