// Command scale says how long a training step takes on many ranks. It measures a step on this machine, and what the
// exchanges of the step would be with so many ranks; then it plays these through for networks of other speeds:
//
//	go build ./scale
//	./scale                                                 # a table for 8 and 64 ranks
//	GOMAXPROCS=1 mpirun -n 2 ./scale -images 16 -steps 21   # two ranks: what the table's method says, and a measurement
//
// Each rank has the same number of images, whatever the number of ranks. What is measured is CPU, memory and the MPI
// library's transport; what is assumed of a network is its latency and bandwidth. The table leaves out that ranks differ: a
// step lasts as long as that of the slowest.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/train/mpi"
)

// options are the flags.
type options struct {
	images, steps    int
	latency, message time.Duration
}

func main() {
	var o options
	flag.IntVar(&o.images, "images", 128, "`number` of images of a rank in each step")
	flag.IntVar(&o.steps, "steps", 7, "`number` of steps to measure, of which the median counts")
	flag.DurationVar(&o.latency, "latency", 20*time.Microsecond, "`time` from sending to receiving a message in the networks of the table")
	flag.DurationVar(&o.message, "message", time.Microsecond, "`time` that a rank needs to send and receive one more message")
	flag.Parse()
	mpi.Main(func(world *mpi.World) error { return run(world, o) })
}

func run(world *mpi.World, o options) error {
	if world.Size() > 1 {
		return pair(world, o)
	}
	return table(o)
}

// networks are those of the table, in bytes per second each way.
var networks = []struct {
	name  string
	bytes float64
}{{"10 Gbit/s", 10e9 / 8}, {"100 Gbit/s", 100e9 / 8}}

// table prints what steps take on many ranks.
func table(o options) error {
	fmt.Printf("%d images of 32x32 for each rank, %s, %d workers; network: latency %v and %v for each message\n\n",
		o.images, residuum.Level(), residuum.Workers(), o.latency, o.message)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "net\tranks\tnetwork\tsent by a rank\talone\twithout overlap\t\twith overlap\t\t")
	for _, depth := range []int{20, 110} {
		for _, ranks := range []int{8, 64} {
			all, _, err := record(depth, &recorder{ranks: ranks, begun: time.Now()}, o)
			if err != nil {
				return err
			}
			slices.SortFunc(all, func(a, b *schedule) int { return int(a.end - b.end) })
			s := all[len(all)/2]
			for _, n := range networks {
				l := link{latency: o.latency + time.Duration(ranks-2)*o.message, bytes: n.bytes}
				one, apart, overlapped := s.replay(link{}, true), s.replay(l, false), s.replay(l, true)
				fmt.Fprintf(w, "ResNet-%d\t%d\t%s\t%.1f MB\t%s\t%s\t%s\t%s\t%s\t\n", depth, ranks, n.name, float64(s.bytes())/1e6,
					milliseconds(one), milliseconds(apart), percent(one, apart), milliseconds(overlapped), percent(one, overlapped))
			}
		}
	}
	return w.Flush()
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }

func percent(part, whole time.Duration) string {
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// pair measures steps of the ranks that there are, and says what the method of the table makes of them: that each step
// takes as long as the replay of the slowest rank's.
func pair(world *mpi.World, o options) error {
	l, err := measure(world)
	if err != nil {
		return err
	}
	if world.Rank() == 0 {
		fmt.Printf("%d ranks by %s, %d workers each: latency %v, %.2f GB/s\n", world.Size(), world.Library(), residuum.Workers(), l.latency, l.bytes/1e9)
	}
	for _, depth := range []int{20, 110} {
		// Several workers compute while others communicate; one does either.
		recorded, took, err := record(depth, &recorder{rank: world.Rank(), ranks: world.Size(), world: world, begun: time.Now()}, o)
		if err != nil {
			return err
		}
		var alone, said []time.Duration
		for _, s := range recorded {
			alone = append(alone, s.replay(link{}, true))
			said = append(said, s.replay(l, residuum.Workers() > 1))
		}
		if alone, err = slowest(world, alone); err != nil {
			return err
		}
		if said, err = slowest(world, said); err != nil {
			return err
		}
		if world.Rank() == 0 {
			off := make([]float64, len(took)) // of each step, since the load of the machine changes
			for i := range off {
				off[i] = 100 * (float64(said[i])/float64(took[i]) - 1)
			}
			slices.Sort(off)
			fmt.Printf("ResNet-%d: %s without communication, %s predicted, %s measured; the prediction is off by %+.1f %%, quartiles %+.1f and %+.1f\n", depth,
				milliseconds(median(alone)), milliseconds(median(said)), milliseconds(median(took)), off[len(off)/2], off[len(off)/4], off[len(off)*3/4])
		}
	}
	return nil
}
