// Command trees fits an ensemble of trees to a table and prints what it took, for bench/peers/trees.py, which compares it
// with other libraries. A table is two files of float32 in the machine's order, rows x columns and one target a row.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"os"
	"time"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/bench/worker"
	"github.com/residuum-go/residuum/boost"
	"github.com/residuum-go/residuum/tensor"
)

// result is the line that is printed: seconds of the wall and of the processor, and bytes.
type result struct {
	Fit        float64 `json:"fit"`
	FitCPU     float64 `json:"fit_cpu"`
	Predict    float64 `json:"predict"` // of all held-out rows, the best of five
	PredictCPU float64 `json:"predict_cpu"`
	Row        float64 `json:"row"` // of one row, the mean of the first thousand, the best of twenty
	RowCPU     float64 `json:"row_cpu"`
	Peak       int64   `json:"peak"`
	Loss       float64 `json:"loss"` // held out: half the mean square, the logistic or softmax loss, or 1 less the NDCG of ten
}

func main() {
	log.SetFlags(0)
	dir := flag.String("dir", ".", "folder of train.x, train.y, test.x and test.y")
	columns := flag.Int("columns", 1, "columns of the table")
	rounds, depth, leaves := flag.Int("rounds", 100, "stages"), flag.Int("depth", 6, "depth"), flag.Int("leaves", 0, "leaves")
	logistic := flag.Bool("logistic", false, "targets are 0 and 1")
	rank := flag.Bool("rank", false, "targets are grades, and train.q and test.q have groups")
	classes := flag.Int("classes", 0, "targets are labels of so many classes")
	threads := flag.Int("threads", 1, "workers")
	flag.Parse()
	residuum.SetWorkers(*threads)
	train, test := table(*dir+"/train", *columns, *classes, *rank), table(*dir+"/test", *columns, *classes, *rank)
	c := boost.Config{
		Loss: boost.SquaredError{}, Stages: *rounds, Rate: 0.1, Newton: true,
		Learner: boost.Tree{Depth: *depth, Leaves: *leaves, L2: 1, MinWeight: 1},
	}
	switch {
	case *classes > 0:
		c.Loss = boost.Softmax{}
	case *logistic:
		c.Loss = boost.Logistic{}
	case *rank:
		c.Loss, c.Learner = boost.LambdaRank{}, boost.Tree{Depth: *depth, Leaves: *leaves, L2: 1}
	}
	r, err := measure(train, test, c)
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		log.Fatal(err)
	}
}

func measure(train, test boost.Data, c boost.Config) (result, error) {
	var r result
	begin, cpu := time.Now(), worker.ProcessorTime()
	e, err := boost.Fit(context.Background(), train, c)
	if err != nil {
		return r, err
	}
	r.Fit, r.FitCPU, r.Peak = time.Since(begin).Seconds(), (worker.ProcessorTime() - cpu).Seconds(), worker.Resident("VmHWM")
	for i := range 5 {
		begin, cpu = time.Now(), worker.ProcessorTime()
		scores := e.Predict(test.X)
		if s := time.Since(begin).Seconds(); i == 0 || s < r.Predict {
			r.Predict, r.PredictCPU = s, (worker.ProcessorTime() - cpu).Seconds()
		}
		if test.Group != nil {
			r.Loss = 1 - boost.NDCG(10).Of(scores, test)
			continue
		}
		rows := c.Loss.Rows(autograd.Const(scores), test.Y).Value().Data()
		r.Loss = 0
		for _, l := range rows {
			r.Loss += float64(l) / float64(len(rows))
		}
	}
	const n = 1000
	for turn := range 20 {
		begin, cpu := time.Now(), worker.ProcessorTime()
		for i := range n {
			e.Predict(test.X.Slice(i, i+1))
		}
		spent, wall := (worker.ProcessorTime()-cpu).Seconds()/n, time.Since(begin).Seconds()/n
		if turn == 0 || wall < r.Row {
			r.Row = wall
		}
		if turn == 0 || spent < r.RowCPU {
			r.RowCPU = spent
		}
	}
	return r, nil
}

func table(path string, columns, classes int, groups bool) boost.Data {
	x, y := floats(path+".x"), floats(path+".y")
	d := boost.Data{X: tensor.From(x, len(x)/columns, columns), Y: tensor.From(y, len(y), 1)}
	if classes > 0 {
		d.Y = tensor.New(len(y), classes)
		for i, label := range y {
			d.Y.Set(1, i, int(label))
		}
	}
	if groups {
		for _, q := range floats(path + ".q") {
			d.Group = append(d.Group, int(q))
		}
	}
	return d
}

func floats(path string) []float32 {
	out, err := worker.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return out
}
