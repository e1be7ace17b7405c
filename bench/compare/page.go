package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/internal/atomicfile"
)

// varies is which part of a case's name a suite varies from column to column of a page's table; cases that differ in
// nothing else share a row.
var varies = map[string]int{"gemm": 1, "conv": 0, "group": 0}

// writePage prints what a page shows of runs: where they took place, and their tables.
func writePage(w io.Writer, runs []*Run) {
	for _, r := range runs {
		fmt.Fprintf(w, "\n%s, %s\n    %s\n", r.Machine, r.Date, r.Command)
		if r.Note != "" {
			fmt.Fprintf(w, "%s\n", r.Note)
		}
		if r.Mean > 0 {
			fmt.Fprintf(w, "best peer / ours of %d cases in the geometric mean: %.2f\n", r.Cases, r.Mean)
		}
		fmt.Fprintln(w)
		r.writeTable(w)
	}
}

// writeTable prints the run as a table with one number in a cell. Ratios below 1, where a peer is faster, are bold.
func (r *Run) writeTable(w io.Writer) {
	if len(r.Groups) > 0 {
		align(w, groupTable(r.Groups))
	}
	for i, of := range apart(r.Results) {
		if i > 0 {
			fmt.Fprintf(w, "\n%s\n\n", title(of[0]))
		}
		for j, table := range pageTables(of) {
			if j > 0 {
				fmt.Fprintln(w)
			}
			align(w, table)
		}
	}
}

// column is a number of each result, and what its column is called.
type column struct {
	name  string
	value func(r *Result) string // empty if the result has none
}

// columnsOf returns the columns for which some result has a number.
func columnsOf(results []Result) []column {
	peak := "of peak"
	if results[0].Suite == "memory" {
		peak = "of copy"
	}
	all := []column{{peak, func(r *Result) string { return number(r.PeakFraction) }}}
	for _, name := range peerNames() {
		all = append(all, column{name, func(r *Result) string { return ratio(r.Ratios[name]) }})
	}
	all = append(all,
		column{"best peer", func(r *Result) string { return ratio(r.Ratio) }},
		column{"from", func(r *Result) string { return number(r.RatioSpread[0]) }},
		column{"to", func(r *Result) string { return number(r.RatioSpread[1]) }},
		column{"memory", func(r *Result) string { return number(r.MemoryRatio) }})
	return slices.DeleteFunc(all, func(c column) bool {
		return !slices.ContainsFunc(results, func(r Result) bool { return c.value(&r) != "" })
	})
}

// pageTables makes the cells, of one table or, where a part of the name varies from column to column, of one for each
// number. The first row is the head.
func pageTables(results []Result) (tables [][][]string) {
	columns := columnsOf(results)
	if _, ok := varies[results[0].Suite]; !ok {
		head := []string{"case"}
		for _, c := range columns {
			head = append(head, c.name)
		}
		table := [][]string{head}
		for i := range results {
			row := []string{results[i].Case}
			for _, c := range columns {
				row = append(row, c.value(&results[i]))
			}
			table = append(table, row)
		}
		return [][][]string{table}
	}
	for _, c := range columns {
		tables = append(tables, variants(results, c))
	}
	return tables
}

// variants is a table of one number, with a row for each case and a column for each variant of it.
func variants(results []Result, c column) [][]string {
	table := [][]string{{c.name}}
	for i := range results {
		name, variant := split(&results[i])
		column := slices.Index(table[0], variant)
		if column < 0 {
			column = len(table[0])
			table[0] = append(table[0], variant)
		}
		row := slices.IndexFunc(table, func(row []string) bool { return row[0] == name })
		if row < 0 {
			row, table = len(table), append(table, []string{name})
		}
		for len(table[row]) <= column {
			table[row] = append(table[row], "")
		}
		table[row][column] = c.value(&results[i])
	}
	for i := range table {
		table[i] = append(table[i], make([]string, len(table[0])-len(table[i]))...)
	}
	return table
}

// split returns the row of a result and what varies from column to column.
func split(r *Result) (row, variant string) {
	i, parts := varies[r.Suite], strings.Split(r.Case, "/")
	return strings.Join(slices.Delete(slices.Clone(parts), i, i+1), "/"), parts[i]
}

func groupTable(groups []Group) [][]string {
	table := [][]string{{"cases", "number", "of peak", "least", "most", "best peer", "least", "most"}}
	for _, g := range groups {
		table = append(table, []string{
			g.Name, fmt.Sprint(g.Cases), number(g.Peak), number(g.PeakRange[0]), number(g.PeakRange[1]),
			ratio(g.Ratio), ratio(g.RatioRange[0]), ratio(g.RatioRange[1]),
		})
	}
	return table
}

// number shows v, or nothing if it is 0.
func number(v float64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", v)
}

// ratio is number, bold below 1.
func ratio(v float64) string {
	text := number(v)
	if strings.HasPrefix(text, "0.") {
		return "**" + text + "**"
	}
	return text
}

// firstTable is the table with which a page begins.
func firstTable(runs []*Run) ([][]string, error) {
	table := [][]string{{"task", "best peer", "ratio", "memory", "machine", "command"}}
	for _, run := range runs {
		for _, f := range run.First {
			one := Result{Ratio: run.Mean}
			if f.Case != "" {
				i := slices.IndexFunc(run.Results, func(r Result) bool { return r.Case == f.Case })
				if i < 0 {
					return nil, fmt.Errorf("%s: no result %q", f.Task, f.Case)
				}
				one = run.Results[i]
			}
			table = append(table, []string{f.Task, f.Peer, ratio(one.Ratio), number(one.MemoryRatio), f.Machine, "`" + f.Command + "`"})
		}
	}
	return table, nil
}

// place is where a page has a table: between a comment that names files of results, from the root of the module, and
// the next comment. "first" before them asks for the table with which a page begins.
var place = regexp.MustCompile(`(?s)(<!-- (first )?(bench/results/[^>]*?) -->\n).*?(<!-- end -->)`)

// filled returns a page with its tables made anew from the files in the module at root.
func filled(page, root string) (string, error) {
	var failed error
	text := place.ReplaceAllStringFunc(page, func(old string) string {
		parts := place.FindStringSubmatch(old)
		var paths []string
		for _, name := range strings.Fields(parts[3]) {
			paths = append(paths, filepath.Join(root, filepath.FromSlash(name)))
		}
		var table strings.Builder
		if err := writePlace(&table, paths, parts[2] != ""); err != nil && failed == nil {
			failed = err
		}
		return parts[1] + table.String() + parts[4]
	})
	return text, failed
}

func writePlace(w io.Writer, paths []string, first bool) error {
	runs, err := readRuns(paths)
	if err != nil {
		return err
	}
	if !first {
		for _, r := range runs {
			r.writeTable(w)
		}
		return nil
	}
	table, err := firstTable(runs)
	if err == nil {
		align(w, table)
	}
	return err
}

// fillPage makes the tables of a page anew, in the module of the working directory.
func fillPage(path string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !place.Match(old) {
		return fmt.Errorf("-page %s: it names no files of results", path)
	}
	text, err := filled(string(old), ".")
	if err != nil {
		return err
	}
	return atomicfile.Write(path, []byte(text))
}
