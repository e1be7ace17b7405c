package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/internal/atomicfile"
)

// Run is a file of results: what was measured where, when and how. Those in bench/results are what
// docs/performance.md shows.
type Run struct {
	Machine string   `json:"machine"`
	Date    string   `json:"date"`
	Command string   `json:"command"`
	Note    string   `json:"note,omitempty"` // what the numbers are not
	Cases   int      `json:"cases"`          // that were measured
	Mean    float64  `json:"mean"`           // geometric mean of best peer / ours over all of them
	First   []First  `json:"first,omitempty"`
	Results []Result `json:"results,omitempty"`
	Groups  []Group  `json:"groups,omitempty"` // of results that are not kept one by one
}

// First is a row of the table with which the page begins.
type First struct {
	Task    string `json:"task"`
	Case    string `json:"case"` // empty for the mean over the run
	Peer    string `json:"peer"`
	Machine string `json:"machine"` // in few words
	Command string `json:"command"` // behind go run ./bench/compare
}

// Group is cases taken together: the median of the fractions of the peak, the geometric mean of best peer / ours, and
// the least and the largest of both.
type Group struct {
	Name       string     `json:"name"`
	Cases      int        `json:"cases"`
	Peak       float64    `json:"peak_fraction"`
	PeakRange  [2]float64 `json:"peak_range"`
	Ratio      float64    `json:"ratio"`
	RatioRange [2]float64 `json:"ratio_range"`
}

// newRun says where and when a process with these arguments measures.
func newRun(machine string, args []string) *Run {
	if machine == "" {
		machine = fmt.Sprintf("%s/%s, %d CPUs, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), residuum.Level())
	}
	command := "go run ./bench/compare"
	for _, a := range args {
		command += " " + quoted(a)
	}
	return &Run{Machine: machine, Date: time.Now().Format(time.DateOnly), Command: command}
}

// quoted is an argument as a shell takes it.
func quoted(arg string) string {
	if arg != "" && !strings.ContainsAny(arg, " \t\n'\"\\$&|;<>()*?[]{}!#~`") {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}

// add appends a result.
func (r *Run) add(result Result) {
	r.Results = append(r.Results, result)
	r.Cases = len(r.Results)
	r.Mean = meanRatio(r.Results)
}

// meanRatio is the geometric mean of best peer / ours, 0 without peers.
func meanRatio(results []Result) float64 {
	sum, n := 0.0, 0
	for _, r := range results {
		if r.Ratio > 0 {
			sum += math.Log(r.Ratio)
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return math.Exp(sum / float64(n))
}

// write writes the run to a file, if one is named.
func (r *Run) write(path string) error {
	if path == "" {
		return nil
	}
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return atomicfile.Write(path, append(text, '\n'))
}

// readRun reads a file that write wrote.
func readRun(path string) (*Run, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &Run{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

func readRuns(paths []string) ([]*Run, error) {
	var runs []*Run
	for _, path := range paths {
		r, err := readRun(path)
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	return runs, nil
}
