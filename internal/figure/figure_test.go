package figure

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func sample() Chart {
	c := Chart{
		Title: "Accuracy after deleting one block", XLabel: "block deleted", YLabel: "accuracy, %",
		Marks: []Mark{{Name: "chance", At: 10}, {Name: "stage boundary", At: 10, Vertical: true}},
	}
	for s := range 4 {
		one := Series{Name: []string{"residual", "plain", "VGG", "boosted"}[s]}
		for i := range 27 {
			y := 90 - 18*float64(s)*math.Abs(math.Sin(float64(i)))
			one.X, one.Y = append(one.X, float64(i+1)), append(one.Y, y)
			one.Low, one.High = append(one.Low, y-2), append(one.High, y+2)
		}
		c.Series = append(c.Series, one)
	}
	return c
}

func TestChartIsWellFormedInBothFormats(t *testing.T) {
	svg, err := sample().SVG()
	require.NoError(t, err)
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else {
			require.NoError(t, err)
		}
	}
	for _, text := range []string{"residual", "plain", "VGG", "boosted", "accuracy, %", "block deleted", "chance", "font-family:" + families} {
		require.Contains(t, string(svg), text)
	}
	narrow, err := sample().NarrowSVG()
	require.NoError(t, err)
	require.NoError(t, xml.Unmarshal(narrow, new(struct{ XMLName xml.Name })))
	require.Contains(t, string(narrow), "boosted")
	require.NotContains(t, string(narrow), sample().Title)
	pic, err := sample().PNG()
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(pic))
	require.NoError(t, err)
	require.Greater(t, img.Bounds().Dx(), 600)
	if out := os.Getenv("FIGURE_OUT"); out != "" { // to look at it
		require.NoError(t, os.WriteFile(out, pic, 0o644))
		require.NoError(t, os.WriteFile(out+".narrow.svg", narrow, 0o644))
	}
}

func TestLogAxisLeavesOutWhatItCannotShow(t *testing.T) {
	c := Chart{Title: "norms", LogY: true, Series: []Series{{
		Name: "g", X: []float64{1, 2, 3, 4}, Y: []float64{1, 0, math.NaN(), 1e-30},
		Low: []float64{-1, 0, 0, 1e-31}, High: []float64{2, 1, 1, math.Inf(1)},
	}}}
	_, err := c.SVG()
	require.NoError(t, err)
	require.Len(t, c.points(c.Series[0]).XYs, 2)
}

func TestLogXAxisLeavesOutWhatItCannotShow(t *testing.T) {
	c := Chart{Title: "roof", LogX: true, Series: []Series{{Name: "s", X: []float64{0, 1, 100, -1}, Y: []float64{1, 2, 3, 4}}}}
	_, err := c.SVG()
	require.NoError(t, err)
	require.Len(t, c.points(c.Series[0]).XYs, 2)
}

func TestShortLogAxisHasLabelsBetweenPowersOfTen(t *testing.T) {
	labels := func(lo, hi float64) (all []string) {
		for _, tick := range (logTicks{}).Ticks(lo, hi) {
			if tick.Label != "" {
				all = append(all, tick.Label)
			}
		}
		return all
	}
	require.Equal(t, []string{"5", "10", "20", "50", "100"}, labels(3.7, 120))
	require.Equal(t, []string{"0.2", "0.5", "1", "2"}, labels(0.15, 2))
	require.Equal(t, []string{"1000", "2000"}, labels(1000, 2000))
	require.Equal(t, []string{"6.1", "7.2"}, labels(6.1, 7.2))
	require.Equal(t, []string{"1e-8", "1e-6", "1e-4", "1e-2", "1e0", "1e2", "1e4", "1e6", "1e8"}, labels(1e-8, 1e8))
}

func TestEmptyAndConstantDataStillDraw(t *testing.T) {
	for _, c := range []Chart{
		{Title: "empty"},
		{Title: "empty log", LogX: true, LogY: true},
		{Title: "one point, log", LogX: true, LogY: true, Series: []Series{{Name: "c", X: []float64{0.5}, Y: []float64{3}}}},
		{Title: "constant", Series: []Series{{Name: "c", X: []float64{1, 2}, Y: []float64{3, 3}}}},
	} {
		_, err := c.PNG()
		require.NoError(t, err, c.Title)
	}
}

func TestSeriesOfUnequalLengthsIsAnError(t *testing.T) {
	_, err := Chart{Title: "bad", Series: []Series{{Name: "s", X: []float64{1}, Y: nil}}}.SVG()
	require.ErrorContains(t, err, `"s"`)
}

// Charts show numbers that come from files, so any finite ones have to be drawn, and in finite time.
func TestAnyNumbersCanBeDrawn(t *testing.T) {
	for _, y := range [][]float64{
		{1e300, -1e300}, {math.MaxFloat64, -math.MaxFloat64}, {1e20, 1e20}, {1e20, math.Nextafter(1e20, 2e20)},
		{-1e17, -1e17 + 16}, {5e-324, 0}, {1e-320, -1e-320}, {1e300, 1}, {1, 1 + 1e-15}, {math.NaN(), math.Inf(1)}, {3e7, 3e7 + 1},
	} {
		t.Run(fmt.Sprint(y), func(t *testing.T) {
			for _, c := range []Chart{
				{Title: "plain", Series: []Series{{Name: "s", X: []float64{1, 2}, Y: y}}, Marks: []Mark{{Name: "m", At: 0}}},
				{Title: "alone", Series: []Series{{Name: "s", X: []float64{1, 2}, Y: y}}},
				{Title: "logarithmic", LogX: true, LogY: true, Series: []Series{{Name: "s", X: []float64{1, 2}, Y: y}}},
				{Title: "across", Series: []Series{{Name: "s", X: y, Y: []float64{1, 2}}}},
				{Title: "bars", Series: []Series{{Name: "s", X: []float64{1, 2}, Y: []float64{0, 0}, Low: []float64{-y[0], -y[1]}, High: y}}},
			} {
				_, err := c.SVG()
				require.NoError(t, err, c.Title)
				_, err = c.PNG()
				require.NoError(t, err, c.Title)
			}
		})
	}
}
