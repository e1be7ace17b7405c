// Package unravel takes residual networks apart: it sees a net of n blocks as the 2^n paths that an
// input can take through them (Veit, Wilber and Belongie 2016, "Residual Networks Behave Like
// Ensembles of Relatively Shallow Networks"), and measures what the blocks and paths do.
//
// Any type with the few methods of [Network] can be studied: residual nets, plain nets as the
// control, boosted ensembles.
//
//   - [PathsOf]: the paths through a net, for package [paths], which counts, lists, samples and draws them.
//   - [Plan]: an order of blocks and what is done to each; [Study.Evaluate] measures many plans at
//     once and computes what they share only once. [DeleteEach], [DeleteRandom], [Swaps] and
//     their relatives list the plans of the usual studies. [Edited] makes a network of a plan, and
//     [OnlyRandom] trains on short paths alone.
//   - [GradientByLength]: the gradient carried by all paths of each length, exactly, and
//     [Squares]: how large those paths are one by one; [Study.SampleGradients]: the sampled norms
//     of the paper; [Study.Lengths]: all of these in one report.
//     [From] and [FromInput] bring them to any block and to the input.
//   - [Module]: a network as a module that can be trained and tested, also one that embeds another and
//     overrides a part of it.
//   - [Record] and [WithHooks]: to keep, see and replace activations.
//   - [Study.PatchPaths]: what one block's output does to one other block alone.
//   - [Contributions]: what each length adds to a logit on the way forward; [Study.Picard].
//   - [Study.Iterative]: whether blocks step down the loss, as the stages of gradient boosting do.
//   - [Journal] and [Shard]: long sweeps that can be stopped, and split over machines.
//
// A path is counted by the branches it takes: length k of n means k branches and n-k skips.
// Studies run networks in evaluation mode, so batch norm uses its running statistics, and leave them as
// they are; Study.Recalibrate estimates them anew after each lesion, on a net of its own.
//
// [paths]: https://pkg.go.dev/github.com/residuum-go/residuum/unravel/paths
package unravel
