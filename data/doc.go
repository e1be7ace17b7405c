// Package data reads labelled image sets, feeds them to training in batches and scores what a model makes of them.
//
// A [Dataset] keeps its images as bytes, one after the other, rows of pixels with their channels side by side (NHWC).
// [LoadIDX] reads the files of MNIST and Fashion-MNIST, [LoadCIFAR10Train] and [LoadCIFAR10Test] the binary version of
// CIFAR-10; what they read is not trusted, and nothing is allocated for a size that a header claims before the bytes are
// there. [New] takes images of your own. Sets that do not fit in memory are a [Source] of another kind: image.Folder reads
// pictures when they are needed.
//
// A [Batch] is some of them as a tensor, with their labels. For testing, a dataset comes in batches in its own order:
//
//	for b := range set.Batches(norm, 250) {
//		score = score.Plus(data.ScoreOf(logits(b.X), b.Labels))
//	}
//
// For training, a [Loader] shuffles, augments and normalises batches ahead of the loop:
//
//	loader, err := data.NewLoader(set, data.LoaderConfig{Batch: 64, Shuffle: true, Norm: set.Norm()})
//
// [Augment] crops, flips and erases, and [Mix] mixes the images of a batch, which then has soft targets. What a loader
// yields depends on its seed, the epoch and the sample alone: it is the same for any number of workers, and one
// restored from a [State] goes on exactly where the saved one stopped.
//
// A [Score] is the one way in which this module counts what is right: NaN and infinite logits never are. A [Card] is what
// a file of weights says of how images become inputs and what the outputs mean.
package data
