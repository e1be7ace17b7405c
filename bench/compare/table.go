package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// writeTables prints a table, which is also Markdown, for each suite and number of threads, and below
// it what is to be said about missing peers.
func writeTables(w io.Writer, results []Result) {
	for _, of := range apart(results) {
		title := title(of[0])
		fmt.Fprintf(w, "\n%s, milliseconds a call\n\n", title)
		align(w, table(of))
		if m := memoryTable(of); len(m) > 1 {
			fmt.Fprintf(w, "\n%s, MB resident at most while the steps ran (before the case)\n\n", title)
			align(w, m)
		}
		notes(w, of)
	}
}

// apart returns the results of each suite and number of threads.
func apart(results []Result) (all [][]Result) {
	for _, r := range results {
		i := slices.IndexFunc(all, func(of []Result) bool { return of[0].Suite == r.Suite && of[0].Threads == r.Threads })
		if i < 0 {
			i, all = len(all), append(all, nil)
		}
		all[i] = append(all[i], r)
	}
	return all
}

func title(r Result) string {
	if r.Threads == 1 {
		return r.Suite + ", 1 thread"
	}
	return fmt.Sprintf("%s, %d threads", r.Suite, r.Threads)
}

// table makes the cells; the first row is the head.
func table(results []Result) [][]string {
	names := columns(results)
	rows := [][]string{append(append([]string{"case", "ours", "±", "of peak"}, names...), "best/ours", "spread")}
	for i := range results {
		r := &results[i]
		row := []string{r.Case, digits(r.OursMS), plusMinus(r.OursSpread, r.OursMS), percent(r.PeakFraction)}
		for _, name := range names {
			row = append(row, r.cell(name))
		}
		ratio, spread := "", ""
		if r.Best != "" {
			ratio, spread = fmt.Sprintf("%.2f", r.Ratio), fmt.Sprintf("%.2f-%.2f", r.RatioSpread[0], r.RatioSpread[1])
		}
		rows = append(rows, append(row, ratio, spread))
	}
	if len(results) > 1 {
		rows = append(rows, summary(results, len(names)))
	}
	return rows
}

// cell is the time of a peer, or why there is none.
func (r *Result) cell(peer string) string {
	ms, ok := r.Peers[peer]
	switch {
	case r.Missing[peer] != "":
		return "missing"
	case !ok:
		return "-"
	}
	text := digits(ms)
	for what := range r.Disagree {
		if strings.HasPrefix(what, peer+" ") {
			text += " WRONG"
			break
		}
	}
	return text
}

// summary is the geometric mean of the ratios.
func summary(results []Result, peers int) []string {
	row := make([]string, 4+peers+2)
	row[0] = "geometric mean"
	if mean := meanRatio(results); mean > 0 {
		row[4+peers] = fmt.Sprintf("%.2f", mean)
	}
	return row
}

// columns are the peers that ran or should have.
func columns(results []Result) []string {
	seen := map[string]bool{}
	for _, r := range results {
		for name := range r.Peers {
			seen[name] = true
		}
		for name := range r.Missing {
			seen[name] = name != yardstick
		}
	}
	var names []string
	for _, name := range peerNames() {
		if seen[name] {
			names = append(names, name)
		}
	}
	return names
}

func memoryTable(results []Result) [][]string {
	names := append([]string{ours}, columns(results)...)
	rows := [][]string{append([]string{"case"}, names...)}
	for _, r := range results {
		if len(r.PeakMB) == 0 {
			continue
		}
		row := []string{r.Case}
		for _, name := range names {
			cell := "-"
			if mb, ok := r.PeakMB[name]; ok {
				cell = fmt.Sprintf("%.0f (%.0f)", mb, r.BaseMB[name])
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return rows
}

// notes says once for each peer why it is missing.
func notes(w io.Writer, results []Result) {
	why := map[string]string{}
	for _, r := range results {
		for name, reason := range r.Missing {
			first, _, _ := strings.Cut(reason, "\n")
			if why[name] == "" {
				why[name] = first
			}
		}
	}
	for i, name := range slices.Sorted(maps.Keys(why)) {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s is missing: %s\n", name, why[name])
	}
}

// align prints rows as a Markdown table: the first column to the left, the others to the right.
func align(w io.Writer, rows [][]string) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for k, row := range rows {
		line := ""
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				line += "| " + cell + pad + " |"
			} else {
				line += " " + pad + cell + " |"
			}
		}
		fmt.Fprintln(w, line)
		if k == 0 {
			line = "|" + strings.Repeat("-", width[0]+2) + "|"
			for _, n := range width[1:] {
				line += strings.Repeat("-", n+1) + ":|"
			}
			fmt.Fprintln(w, line)
		}
	}
}

// digits shows three significant digits without an exponent.
func digits(v float64) string {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return fmt.Sprint(v)
	}
	after := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	return strconv.FormatFloat(v, 'f', max(after, 0), 64)
}

// plusMinus is half of what lies between the quartiles, relative to the median.
func plusMinus(q [2]float64, median float64) string {
	return fmt.Sprintf("%.0f %%", 50*(q[1]-q[0])/median)
}

func percent(fraction float64) string {
	if fraction == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100*fraction)
}
