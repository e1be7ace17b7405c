package optim_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/nn/optim"
)

func TestSchedulesEqualPyTorchs(t *testing.T) {
	ref := pytorch(t).Schedules
	ours := map[string]optim.Schedule{
		"constant":      optim.Constant(0.1),
		"cosine":        optim.Cosine(0.1, 0, 20),
		"cosine-warmup": optim.Cosine(0.1, 5, 20),
		"steps":         optim.Steps(0.1, 0.1, 7, 15),
		"onecycle":      optim.OneCycle(0.1, 0.3, 20),
	}
	require.Len(t, ref, len(ours))
	for name, rate := range ours {
		t.Run("schedule="+name, func(t *testing.T) {
			for step, want := range ref[name] {
				require.InDelta(t, want, rate(step), 1e-15, "step %d", step)
			}
		})
	}
}

func TestSchedulesEnd(t *testing.T) {
	require.Zero(t, optim.Cosine(0.1, 5, 20)(20))
	require.Zero(t, optim.Cosine(0.1, 5, 20)(1000))
	require.Equal(t, 0.1, optim.Cosine(0.1, 5, 5)(4), "all warm-up")
	require.InDelta(t, 0.1/250000, optim.OneCycle(0.1, 0.3, 20)(1000), 1e-15)
	require.InDelta(t, 0.1, optim.OneCycle(0.1, 0.3, 20)(5), 1e-15)
}

// Runs of few steps, as those on a handful of images are.
func TestSchedulesOfShortRuns(t *testing.T) {
	const peak, least = 0.1, 0.1 / 250000
	for name, c := range map[string]struct {
		rate optim.Schedule
		want []float64
	}{
		"OneCycle of 1":           {optim.OneCycle(peak, 0.3, 1), []float64{peak, peak}},
		"OneCycle of 2":           {optim.OneCycle(peak, 0.3, 2), []float64{peak, least, least}},
		"OneCycle of 3":           {optim.OneCycle(peak, 0.3, 3), []float64{peak, (peak + least) / 2, least, least}},
		"OneCycle of 4":           {optim.OneCycle(peak, 0.25, 4), []float64{peak, least + (peak-least)*0.75, least + (peak-least)*0.25, least}},
		"OneCycle without a rise": {optim.OneCycle(peak, 0, 3), []float64{peak, (peak + least) / 2, least}},
		"OneCycle that only rises": {optim.OneCycle(peak, 1, 3),
			[]float64{peak / 25, (peak + peak/25) / 2, peak, peak}},
		"OneCycle of 1 that rises": {optim.OneCycle(peak, 1, 1), []float64{peak, peak}},
		"Cosine of 1":              {optim.Cosine(peak, 0, 1), []float64{peak, 0}},
		"Cosine of 2":              {optim.Cosine(peak, 0, 2), []float64{peak, peak / 2, 0}},
		"Cosine within warm-up":    {optim.Cosine(peak, 4, 2), []float64{peak / 4, peak / 2, 0, 0, 0, 0}},
		"Constant of 0":            {optim.Constant(0), []float64{0, 0}},
		"Steps at once":            {optim.Steps(peak, 0.5, 0, 1), []float64{peak / 2, peak / 4, peak / 4}},
		"Steps nowhere":            {optim.Steps(peak, 0.5), []float64{peak, peak}},
	} {
		t.Run(name, func(t *testing.T) {
			for step, want := range c.want {
				require.InDelta(t, want, c.rate(step), 1e-15, "step %d", step)
			}
		})
	}
}

// Every schedule that can be built gives rates that can be used, in and behind runs of any length.
func TestSchedulesAreNeverNegativeOrNaN(t *testing.T) {
	for total := 1; total <= 40; total++ {
		for _, part := range []float64{0, 1e-9, 0.1, 0.3, 0.5, 0.999, 1} {
			for _, rate := range []optim.Schedule{optim.OneCycle(0.1, part, total), optim.Cosine(0.1, int(2*part*float64(total)), total)} {
				for step := range total + 3 {
					v := rate(step)
					require.True(t, v >= 0 && v <= 0.1*(1+1e-12), "%d steps, %v, step %d: %v", total, part, step, v)
				}
			}
		}
	}
}

func TestStepsKeepsItsSteps(t *testing.T) {
	at := []int{2}
	rate := optim.Steps(1, 0.5, at...)
	at[0] = 0
	require.Equal(t, 1.0, rate(0))
}

func TestSchedulesThatMakeNoSensePanic(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for says, f := range map[string]func(){
		"Constant: learning rate NaN: want at least 0, and finite in float32":   func() { optim.Constant(nan) },
		"Constant: learning rate 1e+39: want at least 0, and finite in float32": func() { optim.Constant(1e39) },
		"Cosine: learning rate -1: want at least 0, and finite in float32":      func() { optim.Cosine(-1, 0, 1) },
		"Cosine: total 0: want at least one step":                               func() { optim.Cosine(0.1, 0, 0) },
		"Cosine: warm-up -1: want at least 0 steps":                             func() { optim.Cosine(0.1, -1, 20) },
		"Steps: learning rate +Inf: want at least 0, and finite in float32":     func() { optim.Steps(inf, 0.1, 1) },
		"Steps: factor NaN: want at least 0, and finite in float32":             func() { optim.Steps(0.1, nan, 1) },
		"Steps: factor -0.1: want at least 0, and finite in float32":            func() { optim.Steps(0.1, -0.1, 1) },
		"OneCycle: learning rate NaN: want at least 0, and finite in float32":   func() { optim.OneCycle(nan, 0.3, 20) },
		"OneCycle: total 0: want at least one step":                             func() { optim.OneCycle(0.1, 0.3, 0) },
		"OneCycle: rise -0.1: want a fraction from 0 to 1":                      func() { optim.OneCycle(0.1, -0.1, 20) },
		"OneCycle: rise 1.1: want a fraction from 0 to 1":                       func() { optim.OneCycle(0.1, 1.1, 20) },
		"OneCycle: rise NaN: want a fraction from 0 to 1":                       func() { optim.OneCycle(0.1, nan, 20) },
	} {
		require.PanicsWithValue(t, "optim: "+says, f)
	}
}
