package main

import (
	"math/rand/v2"
	"strings"

	"github.com/residuum-go/residuum/resnet"
)

// What the parts of a run cost, so that it can be cut evenly: in forward passes of an image, and a pass in multiply-adds.
// The numbers were fitted to the processor time that each part of the preset paper takes on one core with AVX-512, on
// fewer images. Only shares count, and every process has to find the same: there is nothing here that is measured.
const (
	elementCost   = 200 // multiply-adds in the time that norm, ReLU and sum take for an element between two layers
	stepPasses    = 4   // of an image in a step of training
	perceptronFit = 10  // of a row through a perceptron that is fitted to it
	linkPass      = 5   // forward and back, with a head behind each block
)

func (j *job) vgg() bool { return strings.HasPrefix(j.res.Name, "vgg") }

// passCost is what a forward pass of an image costs, in multiply-adds.
func (j *job) passCost() (int64, error) {
	if j.ensemble() {
		state := int64(j.train.Height*j.train.Width*j.train.Channels + j.train.Classes)
		return int64(j.cfg.Blocks) * state * (hiddenUnits + elementCost), nil
	}
	cfg, _ := j.convolutional(j.res.Name)
	net, err := resnet.New(cfg, rand.New(rand.NewPCG(0, 0)))
	if err != nil {
		return 0, err
	}
	layers := 2 // of a block
	if j.vgg() {
		layers = 1
	}
	cost := net.MultiplyAdds()
	for i := range net.Len() {
		out := net.Block(i).Out
		cost += int64(elementCost * layers * out.Height * out.Width * out.Channels)
	}
	return cost, nil
}

func (j *job) trainingPasses() int64 {
	images, test := int64(j.train.Len()), int64(j.test.Len())
	if j.ensemble() {
		return perceptronFit*images + test
	}
	steps := stepPasses * images * int64(j.epochs())
	switch j.res.Name {
	case "effective":
		steps = steps * int64(active(j.blocks())) / int64(j.blocks())
	case "stochastic":
		steps = steps * 3 / 4 // the mean survival
	}
	tests := int64(j.epochs())*test + int64(readings*j.studied.Len())
	return steps + tests + int64(len(j.snapshotSteps()))*j.lengthPasses(1)
}

func (j *job) deletionPasses() int64 {
	return int64(j.studied.Len()) * int64(j.blocks()/2+1) // the blocks before the lesion are shared
}

func (j *job) randomDeletionPasses() int64 {
	run := 0 // blocks
	for _, k := range deletionCounts(j.blocks()) {
		run += j.cfg.Draws * (j.blocks() - k)
	}
	return int64(j.studied.Len()) * int64(run) / int64(j.blocks())
}

func (j *job) swapPasses() int64 {
	swaps := len(swapCounts(j.blocks())) * j.cfg.Draws
	if j.vgg() {
		swaps = 2 // few of its blocks may change places
	}
	return int64(j.studied.Len()) * int64(swaps)
}

// recalibratedPasses shares nothing, and passes in which statistics are estimated cost twice.
func (j *job) recalibratedPasses() int64 {
	return int64(j.blocks()+1) * int64(j.studied.Len()+2*min(calibrationImages, j.train.Len()))
}

func (j *job) gradientPasses() int64 { return j.lengthPasses(samplesByLength + signDraws) }

// lengthPasses is what the gradients of all path lengths cost, with so many draws for each.
func (j *job) lengthPasses(draws int) int64 {
	return int64(j.graded.Len()) * int64(j.blocks()*(2+draws)/2)
}

func (j *job) forwardPasses() int64 {
	return int64(j.studied.Len()/2+j.graded.Len()) * int64(j.blocks())
}

func (j *job) linkPasses() int64 { return linkPass * int64(j.graded.Len()) }
