package resnet

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// vgg recognises a VGG net by the numbers of its layers, which leave room for the ReLU and the pooling.
func (r *Recognised) vgg() (err error) {
	c := &r.Config
	*c = Config{Kind: VGG, Blocks: []int{0}, Image: Shape{32, 32, 0}, WithoutBatchNorm: r.shape("features.1.running_mean") == nil}
	if c.Width, c.Image.Channels, _, err = r.filters("features.0"); err != nil {
		return err
	}
	step := 3 // from one convolution to the next
	if c.WithoutBatchNorm {
		step = 2
	}
	at := r.convolutions()
	for i, layer := range at {
		c.Blocks[len(c.Blocks)-1]++
		if i+1 == len(at) {
			break
		}
		switch at[i+1] - layer {
		case step:
		case step + 1:
			c.Blocks = append(c.Blocks, 0)
		default:
			return fmt.Errorf("features.%d and features.%d are convolutions with something between them that is no VGG net's", layer, at[i+1])
		}
	}
	last := r.shape("classifier.2.weight")
	if hidden := r.shape("classifier.6.weight"); hidden != nil {
		last, c.Image.Height, c.Image.Width = hidden, 224, 224
		r.assume("images of 224x224; multiples do, too")
	}
	if len(last) != 2 {
		return errors.New("neither classifier.2.weight nor classifier.6.weight is a matrix")
	}
	c.Classes = last[0]
	if c.Image.Height == 224 {
		c.Hidden = last[1]
	} else {
		r.assume("images of 32x32: tensors do not tell")
	}
	return nil
}

// convolutions returns the numbers of the features that are convolutions.
func (r *Recognised) convolutions() (at []int) {
	for name, t := range r.file.Tensors {
		number, ok := strings.CutPrefix(strings.TrimSuffix(name, ".weight"), "features.")
		if i, err := strconv.Atoi(number); ok && err == nil && len(t.Shape()) == 4 {
			at = append(at, i)
		}
	}
	slices.Sort(at)
	return at
}
