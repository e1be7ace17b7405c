// Package train runs the training loop: batches in, gradients, steps of an optimiser, progress,
// and checkpoints from which a run goes on as if it had never stopped.
//
// Set the fields of a [Trainer] and call Run. What makes no sense in them is an error that names the
// field, before the first step. Whatever ends a run early, Ctrl-C through a context, a loss that is no
// longer a number, a full disk or the end of the process, the checkpoint on disk is whole and is the
// latest good one; no two trainers write the same. [Evaluate] measures a model on a dataset.
package train
