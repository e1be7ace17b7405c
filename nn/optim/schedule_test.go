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

func TestSchedulesThatMakeNoSensePanic(t *testing.T) {
	require.Panics(t, func() { optim.Cosine(0.1, 0, 0) })
	require.Panics(t, func() { optim.Cosine(0.1, 21, 20) })
	require.Panics(t, func() { optim.Cosine(0.1, -1, 20) })
	require.Panics(t, func() { optim.OneCycle(0.1, 0, 20) })
	require.Panics(t, func() { optim.OneCycle(0.1, 1, 20) })
	require.Panics(t, func() { optim.OneCycle(0.1, math.NaN(), 20) })
}
