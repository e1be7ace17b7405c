package optim_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/nn/optim"
)

func TestSchedulesEqualPyTorchs(t *testing.T) {
	ref := pytorch(t).Schedules
	ours := map[string]optim.Schedule{
		"constant":      optim.Constant(0.1),
		"cosine":        optim.Cosine{Peak: 0.1},
		"cosine-warmup": optim.Cosine{Peak: 0.1, Warmup: 0.25},
		"steps":         optim.Steps{Peak: 0.1, At: []float64{0.35, 0.75}},
		"onecycle":      optim.OneCycle{Peak: 0.1},
	}
	require.Len(t, ref, len(ours))
	for name, s := range ours {
		t.Run("schedule="+name, func(t *testing.T) {
			for step, want := range ref[name] {
				require.InDelta(t, want, s.Rate(step, 20), 1e-15, "step %d", step)
			}
		})
	}
}

func TestSchedulesEnd(t *testing.T) {
	cosine, cycle := optim.Cosine{Peak: 0.1, Warmup: 0.25}, optim.OneCycle{Peak: 0.1}
	require.Zero(t, cosine.Rate(20, 20))
	require.Zero(t, cosine.Rate(1000, 20))
	require.Equal(t, 0.1, optim.Cosine{Peak: 0.1, Warmup: 1}.Rate(4, 5), "all warm-up")
	require.InDelta(t, 0.1/250000, cycle.Rate(1000, 20), 1e-15)
	require.InDelta(t, 0.1, cycle.Rate(5, 20), 1e-15)
}

// Runs of few steps, as those on a handful of images are.
func TestSchedulesOfShortRuns(t *testing.T) {
	const peak, least = 0.1, 0.1 / 250000
	for name, c := range map[string]struct {
		schedule optim.Schedule
		total    int
		want     []float64
	}{
		"OneCycle of 1": {optim.OneCycle{Peak: peak}, 1, []float64{peak, peak}},
		"OneCycle of 2": {optim.OneCycle{Peak: peak}, 2, []float64{peak, least, least}},
		"OneCycle of 3": {optim.OneCycle{Peak: peak}, 3, []float64{peak, (peak + least) / 2, least, least}},
		"OneCycle of 4": {optim.OneCycle{Peak: peak, Rise: 0.25}, 4,
			[]float64{peak, least + (peak-least)*0.75, least + (peak-least)*0.25, least}},
		"OneCycle without a rise": {optim.OneCycle{Peak: peak, Rise: 1e-9}, 3, []float64{peak, (peak + least) / 2, least}},
		"OneCycle that only rises": {optim.OneCycle{Peak: peak, Rise: 1}, 3,
			[]float64{peak / 25, (peak + peak/25) / 2, peak, peak}},
		"OneCycle of 1 that rises": {optim.OneCycle{Peak: peak, Rise: 1}, 1, []float64{peak, peak}},
		"Cosine of 1":              {optim.Cosine{Peak: peak}, 1, []float64{peak, 0}},
		"Cosine of 2":              {optim.Cosine{Peak: peak}, 2, []float64{peak, peak / 2, 0}},
		"Cosine of 3 with warm-up": {optim.Cosine{Peak: peak, Warmup: 0.7}, 3, []float64{peak / 2, peak, peak, 0}},
		"Cosine that only rises":   {optim.Cosine{Peak: peak, Warmup: 1}, 2, []float64{peak / 2, peak, 0, 0}},
		"Steps at once":            {optim.Steps{Peak: peak, Factor: 0.5, At: []float64{0, 1. / 3}}, 3, []float64{peak / 2, peak / 4, peak / 4}},
		"Steps nowhere":            {optim.Steps{Peak: peak, At: []float64{}}, 2, []float64{peak, peak}},
		"Steps as published":       {optim.Steps{Peak: peak}, 4, []float64{peak, peak, peak / 10, peak / 100}},
		"a function":               {optim.ScheduleFunc(func(step, total int) float64 { return float64(step * total) }), 3, []float64{0, 3, 6}},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, optim.CheckSchedule(c.schedule))
			for step, want := range c.want {
				require.InDelta(t, want, c.schedule.Rate(step, c.total), 1e-15, "step %d", step)
			}
		})
	}
}

// A place that is a whole number of steps but for the rounding of its fraction is that step.
func TestStepsAreWhereTheFractionsSay(t *testing.T) {
	for total := 1; total <= 1000; total++ {
		for at := range total {
			s := optim.Steps{Peak: 1, At: []float64{float64(at) / float64(total)}}
			require.Equal(t, 0.1, s.Rate(at, total))
			require.True(t, at == 0 || s.Rate(at-1, total) == 1)
		}
	}
}

// Every schedule that passes the check gives rates that can be used, in and behind runs of any length.
func TestSchedulesAreNeverNegativeOrNaN(t *testing.T) {
	for total := 1; total <= 40; total++ {
		for _, part := range []float64{0, 1e-9, 0.1, 0.3, 0.5, 0.999, 1} {
			for _, s := range []optim.Schedule{optim.OneCycle{Peak: 0.1, Rise: part}, optim.Cosine{Peak: 0.1, Warmup: part},
				optim.Steps{Peak: 0.1, At: []float64{part}}} {
				require.NoError(t, optim.CheckSchedule(s))
				for step := range total + 3 {
					v := s.Rate(step, total)
					require.True(t, v >= 0 && v <= 0.1*(1+1e-12), "%d steps, %+v, step %d: %v", total, s, step, v)
				}
			}
		}
	}
}

func TestSchedulesThatMakeNoSense(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for says, s := range map[string]optim.Schedule{
		"Constant.Rate is NaN: want more than 0, and finite in float32":   optim.Constant(nan),
		"Constant.Rate is 1e+39: want more than 0, and finite in float32": optim.Constant(1e39),
		"Cosine.Peak is -1: want more than 0, and finite in float32":      optim.Cosine{Peak: -1},
		"Cosine.Peak is 0: want more than 0, and finite in float32":       optim.Cosine{},
		"Cosine.Warmup is -0.1: want a fraction of the run, from 0 to 1":  optim.Cosine{Peak: 1, Warmup: -0.1},
		"Steps.Peak is +Inf: want more than 0, and finite in float32":     optim.Steps{Peak: inf},
		"Steps.Factor is NaN: want more than 0, and finite in float32":    optim.Steps{Peak: 1, Factor: nan},
		"Steps.Factor is -0.1: want more than 0, and finite in float32":   optim.Steps{Peak: 1, Factor: -0.1},
		"Steps.At[1] is 32000: want a fraction of the run, from 0 to 1":   optim.Steps{Peak: 1, At: []float64{0.5, 32000}},
		"OneCycle.Peak is NaN: want more than 0, and finite in float32":   optim.OneCycle{Peak: nan},
		"OneCycle.Rise is -0.1: want a fraction of the run, from 0 to 1":  optim.OneCycle{Peak: 1, Rise: -0.1},
		"OneCycle.Rise is 1.1: want a fraction of the run, from 0 to 1":   optim.OneCycle{Peak: 1, Rise: 1.1},
		"OneCycle.Rise is NaN: want a fraction of the run, from 0 to 1":   optim.OneCycle{Peak: 1, Rise: nan},
	} {
		err := optim.CheckSchedule(s)
		require.EqualError(t, err, "optim: "+says)
		require.ErrorAs(t, err, new(*residuum.ConfigError))
	}
	require.EqualError(t, optim.CheckSchedule(nil), "optim: no schedule")
	for op, s := range map[string]optim.Schedule{"Cosine": optim.Cosine{}, "Steps": optim.Steps{}, "OneCycle": optim.OneCycle{}} {
		require.PanicsWithValue(t, "optim: "+op+": a run of 0 steps: want at least one", func() { s.Rate(0, 0) })
	}
}
