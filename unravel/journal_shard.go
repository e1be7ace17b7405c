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

// ErrShard says that the environment names no shard, or one that does not exist.
var ErrShard = errors.New("unravel: ShardFrom: no such shard")

// ShardFrom reads the shard from environment variables, through a function like os.Getenv. The index is
//
//   - SLURM_ARRAY_TASK_ID in a job array of Slurm, or
//   - JOB_COMPLETION_INDEX in an Indexed Job of Kubernetes, and wherever somebody sets it by hand,
//
// and the count RESIDUUM_SHARDS: Kubernetes tells no pod how many there are, nor does Slurm tell a task that is submitted
// again without the others. An array without RESIDUUM_SHARDS is the whole sweep, whose shards are numbered in the order
// that SLURM_ARRAY_TASK_COUNT, _MIN and _STEP say. With it they do not count, but a task of the array that it leaves no
// room for is an error in all of them. So are two indices that differ, and an index without a count or the reverse.
//
// Without any of these three it is the only shard of one.
func ShardFrom(getenv func(string) string) (Shard, error) {
	e := environment{getenv: getenv}
	count, counted := e.number("RESIDUUM_SHARDS", 0)
	task, slurm := e.number("SLURM_ARRAY_TASK_ID", 0)
	index, kubernetes := e.number("JOB_COMPLETION_INDEX", task)
	last, _ := e.number("SLURM_ARRAY_TASK_MAX", index)
	shard := Shard{index, count}
	switch {
	case e.err != nil:
	case !counted && !slurm && !kubernetes:
		return Shard{0, 1}, nil
	case slurm && kubernetes && task != index:
		e.fail("SLURM_ARRAY_TASK_ID is %d, but JOB_COMPLETION_INDEX %d: unset one of them", task, index)
	case kubernetes && !counted:
		e.fail("JOB_COMPLETION_INDEX is %d, of how many? RESIDUUM_SHARDS is not set", index)
	case !counted:
		shard = e.array(task)
	case !slurm && !kubernetes:
		e.fail("RESIDUUM_SHARDS is %d, and which of them this is nothing says: set JOB_COMPLETION_INDEX, from 0 on", count)
	case slurm && last >= count:
		e.fail("SLURM_ARRAY_TASK_MAX is %d, but RESIDUUM_SHARDS %d: number the array from 0 to %d", last, count, count-1)
	case index >= count:
		e.fail("its index is %d, but RESIDUUM_SHARDS %d: indices are 0 to %d", index, count, count-1)
	}
	if e.err != nil {
		return Shard{}, e.err
	}
	return shard, nil
}

// environment reads numbers from variables, and remembers the first error.
type environment struct {
	getenv func(string) string
	err    error
}

func (e *environment) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf("%w: "+format, append([]any{ErrShard}, args...)...)
	}
}

// number returns the value of a variable and true, or otherwise and false if it is not set.
func (e *environment) number(name string, otherwise int) (int, bool) {
	text := e.getenv(name)
	if text == "" {
		return otherwise, false
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		e.fail("%s is %q: want a whole number", name, text)
	}
	return n, true
}

// array returns the shard of a task of an array that is the whole sweep.
func (e *environment) array(task int) Shard {
	count, _ := e.number("SLURM_ARRAY_TASK_COUNT", 0)
	first, _ := e.number("SLURM_ARRAY_TASK_MIN", 0)
	step, _ := e.number("SLURM_ARRAY_TASK_STEP", 1)
	step = max(step, 1)
	if task < first || (task-first)%step != 0 || (task-first)/step >= count {
		e.fail("SLURM_ARRAY_TASK_ID is %d, in an array of %d from %d on in steps of %d", task, count, first, step)
	}
	return Shard{(task - first) / step, count}
}
