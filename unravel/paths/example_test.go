package paths_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/unravel/paths"
)

func Example() {
	all := paths.New(54)
	fmt.Println(all.Count(), "paths")
	fmt.Printf("lengths 19 to 35 hold %.1f %% of them\n", 100*all.Share(19, 35))
	for path := range paths.New(3).ByLength() {
		fmt.Print(path, " ")
	}
	// Output:
	// 18014398509481984 paths
	// lengths 19 to 35 hold 98.0 % of them
	// --- f-- -f- --f ff- f-f -ff fff
}

// A net whose third block has no skip: every path takes its branch.
func ExampleThrough() {
	all := paths.Through([]bool{true, true, false, true})
	fmt.Println(all.Count(), "paths of lengths", all.Shortest(), "to", all.Blocks())
	path := all.Sample(2, rand.New(rand.NewPCG(1, 1)))
	fmt.Println(path, "takes the branches of blocks", path.Branches())
	// Output:
	// 8 paths of lengths 1 to 4
	// f-f- takes the branches of blocks [0 2]
}

// If the gradient of one path shrinks by a factor of 5 with each branch, the few short paths carry most of it.
func ExampleSet_Effective() {
	all := paths.New(54)
	var together []paths.Log
	for k := range 55 {
		const perBranch = -1.609 // log(1/5)
		together = append(together, all.LogCount(k)+paths.Log(k)*perBranch)
	}
	fmt.Println(all.Effective(together, 0.95))
	// Output: lengths 4-14, 0.0268 % of the paths, carry 95.8 %
}
