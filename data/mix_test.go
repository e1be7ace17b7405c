package data

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

func TestMixturesAreTorchvisions(t *testing.T) {
	text, err := os.ReadFile("testdata/mix.json")
	require.NoError(t, err)
	var file struct {
		Images []float32
		Cases  []struct {
			Lambda float64
			Box    []int // left, top, right, bottom
			X, T   []float32
		}
		Boxes [][10]float64
	}
	require.NoError(t, json.Unmarshal(text, &file))
	require.Len(t, file.Cases, 19)
	for _, c := range file.Cases {
		m := mixture{lambda: c.Lambda}
		if c.Box != nil {
			m.cut, m.box = true, box{c.Box[1], c.Box[0], c.Box[3], c.Box[2]}
		}
		x := tensor.From(slices.Clone(file.Images), 3, 5, 7, 2)
		labels, targets := []int{2, 0, 3}, tensor.New(3, 4)
		m.apply(share{step: 1, parts: 1}, x, labels, targets, make([]float32, 5*7*2))
		require.Equal(t, c.X, x.Data())
		require.Equal(t, c.T, targets.Data())
		if c.Lambda < 0.5 {
			require.Equal(t, []int{3, 2, 0}, labels)
		} else {
			require.Equal(t, []int{2, 0, 3}, labels)
		}
	}
	for _, b := range file.Boxes {
		got := cutBox(int(b[1]), int(b[2]), b[0], int(b[3]), int(b[4]))
		require.Equal(t, box{int(b[6]), int(b[5]), int(b[8]), int(b[7])}, got)
		area := (got.bottom - got.top) * (got.right - got.left)
		require.Equal(t, b[9], 1-float64(area)/(b[1]*b[2]))
	}
}

// Draws have the moments of Beta(alpha, alpha): mean 1/2, variance 1/(4(2 alpha + 1)).
func TestSharesThatAreDrawn(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, alpha := range []float64{0.05, 0.2, 1} {
		var sum, squares float64
		const draws = 4000
		for range draws {
			m := Mix{MixUp: alpha}.draw(8, 8, rng)
			require.True(t, m.lambda >= 0 && m.lambda <= 1 && !m.cut)
			sum += m.lambda / draws
			squares += (m.lambda - 0.5) * (m.lambda - 0.5) / draws
		}
		require.InDelta(t, 0.5, sum, 0.03)
		require.InDelta(t, 1/(4*(2*alpha+1)), squares, 0.01)
	}
	cuts := 0
	for range 1000 {
		m := Mix{MixUp: 0.2, CutMix: 1}.draw(9, 30, rng)
		if m.cut {
			cuts++
			require.True(t, m.box.top >= 0 && m.box.left >= 0 && m.box.bottom <= 9 && m.box.right <= 30, "%+v", m)
			require.InDelta(t, 1-float64((m.box.bottom-m.box.top)*(m.box.right-m.box.left))/270, m.lambda, 1e-12)
		}
	}
	require.InDelta(t, 500, cuts, 60)
}

func TestErasedRectangles(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var mean float64
	for range 1000 {
		b := eraseBox(30, 40, rng)
		h, w := b.bottom-b.top, b.right-b.left
		require.True(t, b.top >= 0 && b.left >= 0 && b.bottom <= 30 && b.right <= 40 && h > 0 && w > 0, "%+v", b)
		ratio := float64(h) / float64(w)
		require.True(t, ratio > 0.3*0.75 && ratio < 3.3*1.25, "%+v", b)
		mean += float64(h*w) / 1200 / 1000
	}
	require.InDelta(t, 0.172, mean, 0.01)
	require.Equal(t, box{}, eraseBox(1, 1, rng), "there is none that is smaller")
	image := slices.Repeat([]float32{1}, 4*5*2)
	box{1, 2, 3, 5}.blot(image, 5, 2)
	sum := float32(0)
	for i, v := range image {
		sum += v
		y, x := i/10, i/2%5
		require.Equal(t, y >= 1 && y < 3 && x >= 2, v == 0)
	}
	require.Equal(t, float32(math.Round(40-12)), sum)
}
