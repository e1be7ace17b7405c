// Package paths counts, lists, samples and draws the paths through a residual network: with n blocks that an input can
// pass by branch or by skip there are 2^n of them (Veit, Wilber and Belongie 2016, "Residual Networks Behave Like
// Ensembles of Relatively Shallow Networks"). It knows numbers of blocks and no network: package unravel measures what
// the paths carry.
//
//   - [Set] is all paths through some blocks: how many there are of each length, in whole numbers and as shares, lists
//     of them in three orders, random ones, and the lengths that [Set.Effective] finds to carry most of something.
//   - [Path] is one of them. Its length is the number of branches that it takes: length k of n means k branches and n-k
//     skips.
//   - [Log] is the logarithm of a count or a norm, which deep nets take out of the range of float64.
//
// How many paths are there through the 54 blocks of ResNet-110, how long are most of them, and what do those through
// three blocks look like?
//
//	all := paths.New(54)
//	fmt.Println(all.Count(), all.Share(19, 35)) // 18014398509481984 0.98
//	os.WriteFile("three.svg", []byte(paths.New(3).Unraveled().SVG()), 0o644)
//
// [Set.Unraveled] and [Set.Folded] draw a set as a [Graph], to be written as SVG or in Graphviz's language.
package paths
