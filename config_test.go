package residuum_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
)

func TestConfigErrorNamesPackageStructAndField(t *testing.T) {
	err := fmt.Errorf("examples: %w", &residuum.ConfigError{Struct: "resnet.Config", Field: "Depth", Value: 5, Reason: "want 6n+2"})
	require.EqualError(t, err, "examples: resnet: Config.Depth is 5: want 6n+2")
	var bad *residuum.ConfigError
	require.True(t, errors.As(err, &bad))
	require.Equal(t, "Depth", bad.Field)
}
