package infer

import (
	"fmt"

	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/internal/table"
)

// String returns a table of the steps: what each computes, in which way, what it gives for one image, how many weights
// it has, its multiply-adds for one image in millions, how many images go through it at once, and where in a workspace its result
// lies. The last line says what the packed weights and a workspace take.
func (p *Program) String() string {
	rows := [][]string{{"step", "computes", "way", "gives", "weights", "mult-adds/1e6", "at once", "from", "to"}}
	var weights, bytes int
	var work int64
	for _, part := range p.sections {
		for _, s := range part.steps {
			way, numbers := "", ""
			if l, ok := s.op.(layer); ok {
				n, takes := l.weights()
				way, numbers = l.way(), fmt.Sprint(n)
				weights += n
				bytes += takes
			}
			b := s.out.in.root()
			work += s.multiplyAdds
			rows = append(rows, []string{s.name, s.op.String(), way, fmt.Sprint(graph.ShapeAt(s.out.shape, 1)[1:]), numbers, millions(s.multiplyAdds),
				fmt.Sprint(part.images), fmt.Sprint(b.offset), fmt.Sprint(b.offset + b.size*b.images)})
		}
	}
	rows = append(rows, []string{"total", "", "", "", fmt.Sprint(weights), millions(work), "", "", ""})
	return table.Align(4, rows...) + fmt.Sprintf("%.0f KB of weights, %.0f KB of workspace for at most %d images\n",
		float64(bytes)/1e3, float64(4*p.size)/1e3, p.together)
}

func millions(n int64) string { return fmt.Sprintf("%.3f", float64(n)/1e6) }
