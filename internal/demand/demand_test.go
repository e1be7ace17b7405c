package demand

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
)

func TestTheFirstFaultIsSaid(t *testing.T) {
	two := func(rate, decay float64) error {
		return All("optim.SGDConfig",
			That(rate > 0, "Rate", rate, "want more than 0"),
			That(decay >= 0, "Decay", decay, "want at least 0"))
	}
	require.NoError(t, two(1, 0))
	require.NoError(t, All("optim.SGDConfig"))
	err := two(1, math.Inf(-1))
	require.Equal(t, &residuum.ConfigError{Struct: "optim.SGDConfig", Field: "Decay", Value: math.Inf(-1), Reason: "want at least 0"}, err)
	require.EqualError(t, two(math.NaN(), -1), "optim: SGDConfig.Rate is NaN: want more than 0")
}
