package paths

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLogJSON(t *testing.T) {
	in := []Log{LogZero, -1000.5, 0, 3}
	text, err := json.Marshal(in)
	require.NoError(t, err)
	require.Equal(t, "[null,-1000.5,0,3]", string(text))
	var out []Log
	require.NoError(t, json.Unmarshal(text, &out))
	require.Equal(t, in, out)
	_, err = json.Marshal(Log(math.NaN()))
	require.Error(t, err)
	require.Error(t, json.Unmarshal([]byte(`["x"]`), &out))
}

func TestLogSum(t *testing.T) {
	require.Equal(t, LogZero, LogSum())
	require.Equal(t, LogZero, LogSum(LogZero, LogZero))
	require.InDelta(t, -5000+math.Ln2, float64(LogSum(-5000, -5000)), 1e-12)
	require.InDelta(t, 7, float64(LogMean(7, 7, 7)), 1e-12)
}

// A sum that holds a NaN is one, whatever else it holds.
func TestLogSumOfWhatIsNotFinite(t *testing.T) {
	nan, inf := Log(math.NaN()), Log(math.Inf(1))
	for _, ls := range [][]Log{{nan}, {nan, LogZero}, {LogZero, nan}, {3, nan, 4}, {inf, nan}} {
		require.True(t, math.IsNaN(float64(LogSum(ls...))), ls)
	}
	require.Equal(t, inf, LogSum(3, inf, LogZero, inf))
}

func TestLogString(t *testing.T) {
	for want, l := range map[string]Log{
		"0": LogZero, "1": 0, "0.0123": Log(math.Log(0.0123)), "1.23e+04": Log(math.Log(12345)), "+Inf": Log(math.Inf(1)),
		"4.50e-789": Log(math.Log(4.5) - 789*math.Ln10), "1.00e+1000": Log(1000*math.Ln10 - 1e-9),
		"2.00e-05": Log(math.Log(2e-5)), "NaN": Log(math.NaN()),
	} {
		require.Equal(t, want, l.String())
	}
}

func TestShares(t *testing.T) {
	require.InDeltaSlice(t, []float64{0.25, 0.75, 0}, Shares([]Log{-5000, -5000 + Log(math.Log(3)), LogZero}), 1e-9)
	require.Equal(t, []float64{0, 0}, Shares([]Log{LogZero, LogZero}))
	require.Empty(t, Shares(nil))
}
