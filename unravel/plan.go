package unravel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/residuum-go/residuum/unravel/paths"
	"gonum.org/v1/gonum/stat"
)

// Ablation is what is done to a block. Apart from Keep, Delete and Scale they replace or disturb
// what the branch computes and leave Skip and Join as they are.
type Ablation uint8

const (
	Keep        Ablation = iota // run the block as it is
	Delete                      // only the skip is left (Veit 2016, section 4.1)
	Zero                        // the branch gives zeros: for a residual block the same as Delete
	DatasetMean                 // the branch gives its mean over the reference examples
	BatchMean                   // the branch gives its mean over the examples of the batch
	Resample                    // every example gets the branch output of another, random one
	Noise                       // Gaussian noise of Amount times the branch's own RMS is added
	Scale                       // the branch output is multiplied by Amount
)

var ablationNames = [...]string{"keep", "delete", "zero", "dataset-mean", "batch-mean", "resample", "noise", "scale"}

// String returns the name of the ablation, such as "dataset-mean".
func (a Ablation) String() string {
	if int(a) >= len(ablationNames) {
		return fmt.Sprintf("Ablation(%d)", uint8(a))
	}
	return ablationNames[a]
}

// MarshalText writes the name.
func (a Ablation) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads a name. It fails if there is no such ablation.
func (a *Ablation) UnmarshalText(text []byte) error {
	i := slices.Index(ablationNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("unravel: unknown ablation %q", text)
	}
	*a = Ablation(i)
	return nil
}

// Step is one block of a plan and what is done to it.
type Step struct {
	Block  int      `json:"block"`
	Do     Ablation `json:"do"`
	Amount float32  `json:"amount,omitempty"` // of Noise and Scale
	Draw   uint64   `json:"draw,omitempty"`   // selects the random numbers of Resample and Noise
}

// Plan is the blocks to run, in order, between the stem and the head. A block may come more than
// once, or not at all: to leave a residual block out of the plan is to treat its skip as an identity,
// so blocks that change the shape have to be deleted instead.
type Plan []Step

// Whole returns the plan of the unharmed net.
func Whole(net Network) Plan {
	p := make(Plan, net.Len())
	for i := range p {
		p[i].Block = i
	}
	return p
}

// Ablate returns the plan of a net in which the given blocks are ablated, for example
//
//	unravel.Ablate(net, unravel.Delete, "layer2.0", "layer2.1")
func Ablate[R Ref](net Network, do Ablation, blocks ...R) Plan {
	return Whole(net).With(do, indices("Ablate", net, blocks)...)
}

// With returns a copy of the plan in which the blocks of these places in the net are ablated, wherever they occur.
func (p Plan) With(do Ablation, blocks ...int) Plan {
	q := slices.Clone(p)
	for i := range q {
		if slices.Contains(blocks, q[i].Block) {
			q[i].Do = do
		}
	}
	return q
}

// Only returns the plan of a net in which all but the given blocks are deleted.
func Only[R Ref](net Network, blocks ...R) Plan {
	return only(net, indices("Only", net, blocks))
}

func only(net Network, kept []int) Plan {
	p := Whole(net)
	for i := range p {
		if !slices.Contains(kept, i) {
			p[i].Do = Delete
		}
	}
	return p
}

// OnlyRandom returns the plan of a net in which all but k random blocks are deleted and the
// branches of those k multiplied by n/k, so that the whole net is what the plans are on average. Running
// a new one on each training batch trains paths up to length k alone (Veit 2016, section 5: 23 of 54 blocks).
// With the tape's own random numbers, as in the example, a resumed training has the same bits.
func OnlyRandom(net Network, k int, rng *rand.Rand) Plan {
	n := net.Len()
	p := only(net, paths.New(n).Sample(k, rng).Branches())
	for i := range p {
		if p[i].Do == Keep && k < n {
			p[i].Do, p[i].Amount = Scale, float32(float64(n)/float64(k))
		}
	}
	return p
}

// Deleted returns the blocks that the plan deletes, ascending.
func (p Plan) Deleted() []int {
	var blocks []int
	for _, s := range p {
		if s.Do == Delete {
			blocks = append(blocks, s.Block)
		}
	}
	slices.Sort(blocks)
	return slices.Compact(blocks)
}

// averages reports whether the plan needs dataset means.
func (p Plan) averages() bool {
	return slices.ContainsFunc(p, func(s Step) bool { return s.Do == DatasetMean })
}

// Tau returns Kendall's rank correlation between the order of the blocks in the plan and their order
// in the net: 1 for the net's own order, -1 for its reverse (Veit 2016, section 4.3).
func (p Plan) Tau() float64 {
	if len(p) < 2 {
		return 1
	}
	position, block := make([]float64, len(p)), make([]float64, len(p))
	for i, s := range p {
		position[i], block[i] = float64(i), float64(s.Block)
	}
	return stat.Kendall(position, block, nil)
}

// String lists the steps, kept blocks by place alone, runs of them shortened: "0-3 delete:4 5-9".
func (p Plan) String() string { return p.text("-", ":", " ", strconv.Itoa) }

// Describe lists the steps by the names that the blocks have in net:
// "layer1.0 to layer2.0, delete layer2.1, layer2.2 to layer3.2".
func (p Plan) Describe(net Network) string {
	return p.text(" to ", " ", ", ", func(i int) string { return BlockName(net, i) })
}

// text joins first and last of a run by to, what is done and its block by of, and steps by sep.
func (p Plan) text(to, of, sep string, name func(block int) string) string {
	var words []string
	for i := 0; i < len(p); {
		s := p[i]
		j := i + 1
		if s.Do == Keep {
			for j < len(p) && p[j] == (Step{Block: s.Block + j - i}) {
				j++
			}
		}
		switch {
		case j-i > 1:
			words = append(words, name(s.Block)+to+name(s.Block+j-i-1))
		case s.Do == Keep:
			words = append(words, name(s.Block))
		default:
			words = append(words, s.text(of, name))
		}
		i = j
	}
	return strings.Join(words, sep)
}

// text writes a step that does not keep its block as it is.
func (s Step) text(of string, name func(block int) string) string {
	w := s.Do.String() + of + name(s.Block)
	if s.Amount != 0 {
		w += fmt.Sprintf("*%g", s.Amount)
	}
	if s.Draw != 0 {
		w += fmt.Sprintf("#%d", s.Draw)
	}
	return w
}

// check panics if the plan names blocks or ablations that do not exist.
func (p Plan) check(n int) {
	for _, s := range p {
		if s.Block < 0 || s.Block >= n || int(s.Do) >= len(ablationNames) {
			panic(fmt.Sprintf("unravel: plan %v: %v of block %d of a net with %d blocks", p, s.Do, s.Block, n))
		}
	}
}
