package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/internal/table"
)

// merge is what this process puts together.
type merge struct {
	starts []*start
	known  map[unit]bool // pieces whose scores are in some journal
}

// beginMerge puts what the parts have found into the folder of kept results.
func (r *run) beginMerge() error {
	starts, err := r.starts()
	if err != nil {
		return err
	}
	r.merge = &merge{starts, known(starts)}
	if r.store, err = openStore(r.cfg.keptDir(), r.origin); err != nil {
		return err
	}
	for _, j := range r.nets() {
		f, err := r.find(j, starts)
		if err != nil {
			return err
		}
		if err := f.into(r.store, starts); err != nil {
			return err
		}
	}
	return nil
}

// lacks reports whether this run is a merge of parts that have not found all of a net: a merge measures nothing.
func (r *run) lacks(j *job) bool {
	units := j.training()
	for _, p := range j.parts() {
		units = append(units, j.units(p)...)
	}
	return r.merge != nil && slices.ContainsFunc(units, j.lost)
}

// lost reports whether nobody has found what a unit is to find.
func (j *job) lost(u unit) bool {
	return !j.has(u.Part) && !(u.Of > 1 && j.merge.known[u])
}

// lost names the parts that a merge lacks, and how to make them up.
func (r *run) lost() error {
	if r.merge == nil {
		return nil
	}
	all, err := r.work()
	if err != nil {
		return err
	}
	count := r.merge.count()
	var text []string
	for i, part := range partition(all, count) {
		missing := slices.DeleteFunc(slices.Clone(part.units), func(u unit) bool {
			of := slices.IndexFunc(r.jobs, func(j *job) bool { return j.res.Name == u.Net && j.seed == u.Seed })
			return !r.jobs[of].lost(u)
		})
		if len(missing) > 0 {
			text = append(text, fmt.Sprintf("part %d of %d is lost or not at its end: %s\n  make it up: %s", i, count, listed(missing), r.command(i, count)))
		}
	}
	if text == nil {
		return nil
	}
	return errors.New(strings.Join(text, "\n"))
}

// count is the largest number of parts that a start knew of.
func (m *merge) count() int {
	count := 1
	for _, s := range m.starts {
		count = max(count, s.Count)
	}
	return count
}

// listed names units in short: all of a part as one.
func listed(units []unit) string {
	var all []string
	for i := 0; i < len(units); {
		u, n := units[i], i
		for n < len(units) && units[n].Net == u.Net && units[n].Seed == u.Seed && units[n].Part == u.Part {
			n++
		}
		first := u
		first.Of = 1
		s := first.String()
		if n-i < u.Of {
			s += fmt.Sprintf(" (%d of %d pieces)", n-i, u.Of)
		}
		all, i = append(all, s), n
	}
	return cmp.Or(strings.Join(all, "; "), "nothing")
}

// command is what a person types to do part i of count.
func (r *run) command(i, count int) string {
	words := []string{shellQuoted(os.Args[0])}
	if goRun.MatchString(words[0]) {
		words[0] = "go run ./examples/veit"
	}
	for _, arg := range r.cfg.args {
		words = append(words, shellQuoted(arg))
	}
	again := mergeFlag.ReplaceAllString(strings.Join(words, " "), "${1}"+sweepPart)
	return fmt.Sprintf("JOB_COMPLETION_INDEX=%d RESIDUUM_SHARDS=%d %s", i, count, again)
}

var (
	goRun     = regexp.MustCompile(`go-build.*exe`)    // where go run puts a program for as long as it runs
	plain     = regexp.MustCompile(`^[\w./=,:@%+-]+$`) // what a shell takes as it is
	mergeFlag = regexp.MustCompile(`( --?sweep[ =])` + sweepMerge)
)

func shellQuoted(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// costs is a table of what each part was to cost, and has cost with all its starts.
func (m *merge) costs() string {
	type cost struct {
		starts      int
		share, core float64
	}
	parts, sum := map[[2]int]cost{}, cost{} // by count and index
	for _, s := range m.starts {
		if s.Count == 0 {
			continue
		}
		at := [2]int{s.Count, s.Index}
		hours := s.Seconds * float64(s.Workers) / 3600
		parts[at] = cost{parts[at].starts + 1, s.Share, parts[at].core + hours}
		sum.starts, sum.core = sum.starts+1, sum.core+hours
	}
	if len(parts) == 0 {
		return "no part of it was a part of a sweep"
	}
	rows := [][]string{{"part", "starts", "foreseen", "measured", "core hours"}}
	add := func(name string, c cost) {
		rows = append(rows, []string{name, fmt.Sprint(c.starts), fmt.Sprintf("%.1f %%", percent*c.share), fmt.Sprintf("%.1f %%", percent*c.core/max(sum.core, 1e-9)), fmt.Sprintf("%.4f", c.core)})
	}
	for _, at := range slices.SortedFunc(maps.Keys(parts), func(a, b [2]int) int { return slices.Compare(a[:], b[:]) }) {
		add(fmt.Sprintf("%d of %d", at[1], at[0]), parts[at])
		sum.share += parts[at].share
	}
	add("all", sum)
	return table.Align(1, rows...)
}
