package data

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/tensor"
)

// Mix says how the images of a batch are mixed with each other for training: each with the one before it, the first with
// the last. The share lambda that an image keeps is drawn for each batch from Beta(alpha, alpha). If both are set, each batch
// is mixed in one of the two ways, with equal probability. The zero Mix leaves batches as they are.
type Mix struct {
	// MixUp is the alpha of lambda x + (1-lambda) x' (Zhang et al. 2018); torchvision's references have 0.2.
	MixUp float64
	// CutMix is the alpha of x with a rectangle of x' in it, of the area 1-lambda before it is cut at the border (Yun et al.
	// 2019); torchvision's references have 1.
	CutMix float64
}

// leastAlpha keeps draws of a Gamma distribution from being 0 for float64.
const leastAlpha = 0.05

func alphaCheck(field string, alpha float64) demand.Demand {
	ok := alpha == 0 || alpha >= leastAlpha && alpha <= math.MaxFloat32
	return demand.That(ok, field, alpha, fmt.Sprintf("want 0 for none, or a finite number of at least %v", leastAlpha))
}

// mixture is what is drawn for a batch.
type mixture struct {
	lambda float64
	cut    bool
	box    box // of the other image, if cut
}

// box is a rectangle of pixels, [top, bottom) and [left, right).
type box struct{ top, left, bottom, right int }

// draw picks the mixture of a batch of images of a size.
func (m Mix) draw(height, width int, rng *rand.Rand) mixture {
	alpha, cut := m.MixUp, false
	if m.CutMix > 0 && (alpha == 0 || rng.IntN(2) == 1) {
		alpha, cut = m.CutMix, true
	}
	lambda := distuv.Beta{Alpha: alpha, Beta: alpha, Src: rng}.Rand()
	if !cut {
		return mixture{lambda: lambda}
	}
	b := cutBox(height, width, lambda, rng.IntN(height), rng.IntN(width))
	area := (b.bottom - b.top) * (b.right - b.left)
	return mixture{1 - float64(area)/float64(height*width), true, b}
}

// cutBox is a rectangle around a pixel that has the area 1-lambda of an image, as far as it lies in it.
func cutBox(height, width int, lambda float64, y, x int) box {
	r := 0.5 * math.Sqrt(1-lambda)
	h, w := int(r*float64(height)), int(r*float64(width))
	return box{max(y-h, 0), max(x-w, 0), min(y+h, height), min(x+w, width)}
}

// apply mixes the images of a share of a batch [N, H, W, C] in place, and writes what each of the batch shows to targets
// [N, K]. A label becomes that of the image with the larger share. last has room for an image.
func (m mixture) apply(of share, images *tensor.Tensor, labels []int, targets *tensor.Tensor, last []float32) {
	n, size := len(labels), images.Len()/len(labels)
	x, t, classes := images.Data(), targets.Data(), targets.Dim(1)
	keep, other := float32(m.lambda), float32(1-m.lambda)
	clear(t)
	lastLabel := labels[n-1]
	copy(last, x[(n-1)*size:])
	for i := n - 1; i >= 0; i-- {
		before, label := last, lastLabel
		if i > 0 {
			before, label = x[(i-1)*size:i*size], labels[i-1]
		}
		t[i*classes+label] += other
		t[i*classes+labels[i]] += keep
		if m.lambda < 0.5 {
			labels[i] = label
		}
		own := x[i*size : (i+1)*size]
		switch {
		case !of.has(i, n):
		case m.cut:
			m.box.paste(own, before, images.Dim(2), images.Dim(3))
		default:
			for j, v := range own {
				own[j] = float32(other*before[j]) + float32(keep*v)
			}
		}
	}
}

// paste copies the box of one image [H, width, channels] to another.
func (b box) paste(to, from []float32, width, channels int) {
	for y := b.top; y < b.bottom; y++ {
		lo, hi := (y*width+b.left)*channels, (y*width+b.right)*channels
		copy(to[lo:hi], from[lo:hi])
	}
}

// eraseBox draws the rectangle that random erasing blots out (Zhong et al. 2020; torchvision's RandomErasing): its area is
// uniform in [0.02, 0.33] of the image's, the logarithm of height over width uniform between those of 0.3 and 3.3. If ten of
// them do not fit, it is empty.
func eraseBox(height, width int, rng *rand.Rand) box {
	const smallest, largest, flattest, tallest = 0.02, 0.33, 0.3, 3.3
	for range 10 {
		area := float64(height) * float64(width) * (smallest + (largest-smallest)*rng.Float64())
		ratio := flattest * math.Exp(math.Log(tallest/flattest)*rng.Float64())
		h, w := int(math.RoundToEven(math.Sqrt(area*ratio))), int(math.RoundToEven(math.Sqrt(area/ratio)))
		if h < height && w < width {
			top, left := rng.IntN(height-h+1), rng.IntN(width-w+1)
			return box{top, left, top + h, left + w}
		}
	}
	return box{}
}

// blot writes 0 to the pixels of the box.
func (b box) blot(image []float32, width, channels int) {
	for y := b.top; y < b.bottom; y++ {
		clear(image[(y*width+b.left)*channels : (y*width+b.right)*channels])
	}
}
