// Package train trains classifiers: batches in, gradients, steps of an optimiser, a validation after each epoch, and
// checkpoints from which a run goes on as if it had never stopped.
//
// [New] makes a [Trainer] of a model, a loader, an optimiser and a [Config], and finds out before the first step what
// would go wrong later. Run trains:
//
//	c := train.Config{Schedule: schedule, Epochs: 20, Valid: test, Checkpoint: "net.safetensors"}
//	trainer, err := train.New(net, loader, sgd, c)
//	...
//	epochs, err := trainer.Run(ctx)
//
// Each [Epoch] holds the scores on the training and the validation set. Hooks see them, and each [Step], as they come,
// and may end the run by an error. Whatever ends a run early, a hook, Ctrl-C through a context, a loss that is no longer a
// number, a full disk or the end of the process, the checkpoint on disk is whole and is the latest good one; no two
// trainers write the same. Resume goes on from there.
//
// A batch may be cut into micro-batches, for the memory of a part ([Config].MicroBatches), and these may be shared out to
// several processes ([Config].Ranks), which train together to the bits of one.
//
// [Evaluate] scores a model, [LoadModel] brings back one that was trained.
package train
