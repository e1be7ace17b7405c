// Package data reads labelled image sets and feeds them to training in batches.
//
// A [Dataset] keeps its images as bytes, one after the other, rows of pixels with their channels
// side by side (NHWC). [LoadIDX] reads the files of MNIST and Fashion-MNIST, [LoadCIFAR10Train] and
// [LoadCIFAR10Test] the binary version of CIFAR-10; what they read is not trusted, and nothing is
// allocated for a size that a header claims before the bytes are there.
//
// A [Loader] shuffles, augments and normalises batches ahead of the training loop. What it yields
// depends on its seed, the epoch and the sample alone: it is the same for any number of workers,
// and a loader restored from a [State] goes on exactly where the saved one stopped.
package data
