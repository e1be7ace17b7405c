package resnet

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/nn"
)

// shortly is how many parameters the nets have that tests with -short make, which run under emulation, too.
const shortly = 15e6

// The nets of torchvision's and timm's names have their parameters, by name and shape.
func TestNamedNetsAreTheLibraries(t *testing.T) {
	text, err := os.ReadFile("testdata/family.json")
	require.NoError(t, err)
	var family struct {
		Nets map[string]struct {
			Tensors, Parameters int
			Hash                string
		}
	}
	require.NoError(t, json.Unmarshal(text, &family))
	for name, want := range family.Nets {
		if testing.Short() && want.Parameters > shortly {
			continue
		}
		config, err := Named(name, 1000)
		require.NoError(t, err)
		net, err := build(config, 1<<40)
		require.NoError(t, err, name)
		require.Equal(t, want.Parameters, nn.Count(net), name)
		var lines []string
		for name, x := range nn.State(net) {
			s := slices.Clone(x.Shape())
			if len(s) == 4 {
				s = []int{s[3], s[2], s[0], s[1]}
			}
			lines = append(lines, fmt.Sprintln(name, strings.Trim(fmt.Sprint(s), "[]")))
		}
		require.Len(t, lines, want.Tensors, name)
		slices.Sort(lines)
		sum := sha256.Sum256([]byte(strings.Join(lines, "")))
		require.Equal(t, want.Hash, hex.EncodeToString(sum[:]), name)
	}
}

// The sizes in millions that the papers give: He et al. 2016a, table 6; He et al. 2016b, table 4; Zagoruyko and
// Komodakis 2016, tables 4 and 5.
func TestNamedNetsForSmallImages(t *testing.T) {
	for name, millions := range map[string]float64{
		"cifar_resnet20": 0.27, "cifar_resnet110": 1.7, "cifar_resnetv2_110": 1.7, "cifar_resnetv2_164": 1.7, "cifar_resnetv2_1001": 10.2,
		"wrn16_8": 11.0, "wrn28_10": 36.5, "wrn40_4": 8.9,
	} {
		config, err := Named(name, 10)
		require.NoError(t, err)
		net, err := build(config, 1<<40)
		require.NoError(t, err, name)
		require.InEpsilon(t, millions, float64(nn.Count(net))/1e6, 0.02, name)
	}
}

func TestNames(t *testing.T) {
	names := Names()
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(names))), len(names), "each once")
	for _, name := range names {
		config, err := Named(name, 7)
		require.NoError(t, err)
		_, _, err = config.complete()
		require.NoError(t, err, name)
	}
	_, err := Named("resnet51", 7)
	var wrong *residuum.ConfigError
	require.ErrorAs(t, err, &wrong)
	require.ErrorContains(t, err, "resnet18, resnet34, resnet50")
}
