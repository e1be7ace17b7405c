package data

import (
	"fmt"
	"math"
)

// Norm turns a byte p of channel c into (p/255 - Mean[c]) / Std[c]. The zero Norm gives p/255.
type Norm struct {
	Mean []float32 `json:"mean,omitempty"`
	Std  []float32 `json:"std,omitempty"`
}

// Norm returns the mean and the standard deviation of each channel of d, of bytes scaled to 0..1.
// A channel that is constant gets the standard deviation 1.
func (d *Dataset) Norm() Norm {
	// Counting bytes keeps the sums exact. An int of 32 bits does not hold them.
	count := make([][256]int64, d.Channels)
	for i, p := range d.Pixels {
		count[i%d.Channels][p]++
	}
	n := Norm{Mean: make([]float32, d.Channels), Std: make([]float32, d.Channels)}
	for c := range count {
		var total, sum, squares int64
		for p, k := range count[c] {
			total += k
			sum += k * int64(p)
			squares += k * int64(p*p)
		}
		mean := float64(sum) / float64(max(total, 1))
		variance := float64(squares)/float64(max(total, 1)) - mean*mean
		std := 255.0
		if variance > 0 {
			std = math.Sqrt(variance)
		}
		n.Mean[c], n.Std[c] = float32(mean/255), float32(std/255)
	}
	return n
}

// check looks for what keeps n from normalising images of so many channels.
func (n Norm) check(channels int) error {
	if len(n.Mean) == 0 && len(n.Std) == 0 {
		return nil
	}
	if len(n.Mean) != channels || len(n.Std) != channels {
		return fmt.Errorf("%d means, %d deviations for %d channels", len(n.Mean), len(n.Std), channels)
	}
	for c, std := range n.Std {
		if mean := n.Mean[c]; mean-mean != 0 || !(std > 0 && std <= math.MaxFloat32) {
			return fmt.Errorf("mean %v and deviation %v of channel %d: want finite numbers, the deviation positive", mean, std, c)
		}
	}
	return nil
}

// Apply writes to dst the values of bytes [..., channels]. It panics unless n is for as many channels.
func (n Norm) Apply(dst []float32, pixels []uint8, channels int) {
	normalise(dst, pixels, n.table(channels))
}

func normalise(dst []float32, pixels []uint8, table [][256]float32) {
	for i, p := range pixels {
		dst[i] = table[i%len(table)][p]
	}
}

// table returns the value of every byte for each channel.
func (n Norm) table(channels int) [][256]float32 {
	if err := n.check(channels); err != nil {
		panic("data: Norm: " + err.Error())
	}
	if len(n.Mean) == 0 {
		n = Norm{Mean: make([]float32, channels), Std: make([]float32, channels)}
		for c := range n.Std {
			n.Std[c] = 1
		}
	}
	t := make([][256]float32, channels)
	for c := range t {
		for p := range t[c] {
			t[c][p] = (float32(p)/255 - n.Mean[c]) / n.Std[c]
		}
	}
	return t
}
