// Command compare measures this project against other libraries, call by call in one run: the same
// threads, shapes, weights and inputs, in processes that take turns while the others stand still. It
// checks that results agree, prints a table and writes the numbers as JSON. docs/performance.md says how
// to read them; its tables are those of the files in bench/results.
//
//	bench/peers/setup
//	go run ./bench/compare -suite conv -threads 1,2 -case 'forward/3x3/.*/n8' -json conv.json
//	go run ./bench/compare -from bench/results/conv20.json   # print
//	go run ./bench/compare -page docs/performance.md         # write into a page
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/residuum-go/residuum/internal/atomicfile"
)

// options are what the command line says.
type options struct {
	suites   []string
	threads  []int
	match    *regexp.Regexp
	peers    []string
	rounds   int
	turn     time.Duration
	python   string
	machine  string
	json     string
	from     []string
	page     string
	args     []string
	roofline string
	list     bool
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "serve" {
		exit(serve(os.Stdin, os.Stdout))
	}
	if len(os.Args) > 1 && os.Args[1] == "start" {
		exit(startOurs(os.Args[2:]))
	}
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(o)
	}
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func parse(args []string) (*options, error) {
	o := &options{args: args}
	f := flag.NewFlagSet("compare", flag.ContinueOnError)
	suite := f.String("suite", "gemm", "what to measure, comma-separated: "+strings.Join(suiteNames(), ", "))
	threads := f.String("threads", "1", "numbers of threads, comma-separated")
	match := f.String("case", "", "only cases whose name matches this regular expression")
	peers := f.String("peers", strings.Join(peerNames(), ","), "which peers, comma-separated")
	f.IntVar(&o.rounds, "rounds", 11, "how often everyone has a turn")
	f.DurationVar(&o.turn, "turn", 30*time.Millisecond, "how long a turn lasts at least")
	f.StringVar(&o.python, "python", os.Getenv("RESIDUUM_PEERS_PYTHON"), "interpreter that has bench/peers/requirements.txt (default $RESIDUUM_PEERS_PYTHON, else bench/peers/.venv)")
	f.StringVar(&o.json, "json", "", "file to write the results to")
	f.StringVar(&o.machine, "machine", "", "what to call this machine in the JSON (default: system, number of CPUs, instruction set)")
	from := f.String("from", "", "measure nothing: take results from these JSON files, comma-separated")
	f.StringVar(&o.page, "page", "", "measure nothing: write the tables of a page anew, from the JSON files that it names")
	f.StringVar(&o.roofline, "roofline", "", "file to draw the results in, as SVG")
	f.BoolVar(&o.list, "list", false, "only list the cases")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	var err error
	if o.match, err = regexp.Compile(*match); err != nil {
		return nil, fmt.Errorf("-case: %w", err)
	}
	for _, s := range fields(*threads) {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-threads: %q is no positive number", s)
		}
		o.threads = append(o.threads, n)
	}
	o.suites, o.peers, o.from = fields(*suite), fields(*peers), fields(*from)
	return o, nil
}

func fields(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
}

// run does what the options say.
func run(o *options) error {
	cases, err := selected(o.suites, o.match)
	if err != nil {
		return err
	}
	if o.list {
		for _, c := range cases {
			fmt.Printf("%s %s\n", c.Suite, c.Name)
		}
		return nil
	}
	if o.page != "" {
		return fillPage(o.page)
	}
	if len(o.from) > 0 {
		runs, err := readRuns(o.from)
		return errors.Join(err, report(o, runs))
	}
	r, err := measureAll(o, cases)
	return errors.Join(err, report(o, []*Run{r}))
}

// measureAll returns what it has when it fails or is interrupted.
func measureAll(o *options, cases []*Case) (*Run, error) {
	run := newRun(o.machine, o.args)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	all, err := newPeers(ctx, o)
	if err != nil {
		return run, err
	}
	defer all.close()
	wrong := 0
	for _, threads := range o.threads {
		for i, c := range cases {
			if ctx.Err() != nil {
				return run, ctx.Err()
			}
			r, err := all.measure(c, threads)
			if err != nil {
				return run, fmt.Errorf("%s %s: %w", c.Suite, c.Name, err)
			}
			fmt.Fprintf(os.Stderr, "%d/%d, %d threads: %s\n", i+1, len(cases), threads, r.line())
			run.add(r)
			wrong += len(r.Disagree)
			if err := run.write(o.json); err != nil {
				return run, err
			}
		}
		all.stop()
	}
	if wrong > 0 {
		return run, fmt.Errorf("%d results disagree", wrong)
	}
	return run, nil
}

// report prints and draws the results.
func report(o *options, runs []*Run) error {
	var results []Result
	for _, r := range runs {
		results = append(results, r.Results...)
	}
	writeTables(os.Stdout, slices.DeleteFunc(slices.Clone(results), func(r Result) bool { return r.OursMS == 0 }))
	writePage(os.Stdout, slices.DeleteFunc(runs, func(r *Run) bool { return r.Cases == 0 }))
	if o.roofline == "" || len(results) == 0 {
		return nil
	}
	if peak, bandwidth := roofs(results, results[0].Threads); peak == 0 || bandwidth == 0 {
		return errors.New("-roofline: needs results with rates, of large copies among them")
	}
	svg, err := roofline(results).SVG()
	if err != nil {
		return err
	}
	return atomicfile.Write(o.roofline, svg)
}
