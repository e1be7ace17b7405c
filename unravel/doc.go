// Package unravel takes residual networks apart: it sees a net of n blocks as the 2^n paths that an
// input can take through them (Veit, Wilber and Belongie 2016, "Residual Networks Behave Like
// Ensembles of Relatively Shallow Networks"), and measures what the blocks and paths do.
//
//   - [Network] is what can be studied: any type with its seven methods, such as a resnet.Net, a plain net as the
//     control, a boost.Ensemble, one of your own.
//   - [Plan] is what can be done to one: an order of blocks, and what happens to each. Blocks go by their place or by their
//     name, "layer2.0".
//   - [Study] is a network, the examples that it is measured on, and how. All that is measured is a method of it.
//
// How good is a net without each of its blocks in turn, how good without a certain one, and which path lengths carry its
// gradient?
//
//	study, err := unravel.NewStudy(net, batches, unravel.Options{})
//	scores, err := study.Evaluate(ctx, unravel.DeleteEach(net))
//	scores, err = study.Evaluate(ctx, []unravel.Plan{unravel.Ablate(net, unravel.Delete, "layer2.0")})
//	report, err := study.Lengths(ctx, unravel.LengthOptions{Draws: 30, Signs: 3})
//	fmt.Println(report)
//
// A path is counted by the branches it takes: length k of n means k branches and n-k skips. Studies run networks in
// evaluation mode, so batch norm uses its running statistics, and leave them as they are; Options.Recalibrate estimates
// them anew after each lesion, on a net of its own. Package [github.com/residuum-go/residuum/unravel/paths] counts, lists and
// draws the paths, of which [PathsOf] returns those of a net.
//
// # Networks
//
// What a study should see other than the net itself is a network made of it, with its names and parameters: [Edited] is
// what a plan makes of it, [From] the part behind a block, [FromInput] the net whose first block begins at the image,
// [WithHooks] one whose states and branches are seen and replaced. [Module] trains and tests any of them. [Record] keeps
// the states of a forward pass; [Stages] and [Interchangeable] group blocks by what they read and write.
//
// # Plans and lesions
//
// [Study.Evaluate] measures many plans at once and computes what they share only once. [DeleteEach], [DeletePairs],
// [DeleteRandom], [Swaps] and their relatives list the plans of the usual studies, [DeletionCurve] and [SwapCurve] those of
// a figure, for [Study.Measure]; [Study.Greedy] looks for the blocks that matter least. [Run] runs a plan on a tape too,
// which is how [ShortPaths] trains a net.
//
// # Gradients
//
// [Study.GradientByLength] computes the gradient that all paths of each length carry, exactly; [Study.SampleGradients] the
// norms of random paths, as the paper does; [Study.Lengths] sets both, and the root mean square over all paths, against each
// other. [Study.Iterative] asks whether blocks step down the loss, as the stages of gradient boosting do.
//
// # Forward
//
// [Study.Contributions] takes a logit apart by path length, [Study.BlockContributions] by block, [Study.Picard] bounds how
// deep branches are nested, [EarlyExits] truncates the net, and [Study.PatchPaths] measures what one block's output does to
// one other block alone.
//
// # Journals
//
// A [Journal] keeps each score as soon as it is known, so that a sweep goes on where it was stopped. [Shard] splits a
// sweep over machines, and [MergeJournals] puts their journals together.
package unravel
