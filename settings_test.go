package residuum_test

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/conv"
	"github.com/residuum-go/residuum/internal/parallel"
)

func TestSetLevelTakesThoseOfTheMachine(t *testing.T) {
	defer cpu.Set(cpu.Active())()
	require.Equal(t, "generic", residuum.Levels()[0])
	for _, name := range residuum.Levels() {
		require.NoError(t, residuum.SetLevel(name))
		require.Equal(t, name, residuum.Level())
		require.Equal(t, name, cpu.Active().String())
	}
	before := residuum.Level()
	for _, name := range []string{"avx3", "", "AVX2", "Level(99)"} {
		require.ErrorContains(t, residuum.SetLevel(name), "this build on this machine has [generic")
		require.Equal(t, before, residuum.Level())
	}
}

func TestSetWorkers(t *testing.T) {
	defer parallel.SetWorkers(parallel.Workers())()
	residuum.SetWorkers(3)
	require.Equal(t, 3, residuum.Workers())
	require.PanicsWithValue(t, "residuum: SetWorkers: 0: want at least 1", func() { residuum.SetWorkers(0) })
	require.Equal(t, 3, residuum.Workers())
}

func TestSetWinograd(t *testing.T) {
	defer residuum.SetWinograd(residuum.Winograd())
	for _, on := range []bool{false, true} {
		residuum.SetWinograd(on)
		require.Equal(t, on, residuum.Winograd())
		require.Equal(t, on, conv.Winograd())
	}
}

// A variable with a mistake in it ends a process before main, and says what would do.
func TestMistypedVariablesEndTheProcess(t *testing.T) {
	for _, c := range []struct{ variable, value, says string }{
		{"RESIDUUM_CPU", "avx3", `residuum: RESIDUUM_CPU is "avx3": want one of generic`},
		{"RESIDUUM_WINOGRAD", "of", `residuum: RESIDUUM_WINOGRAD is "of": want one of on, off`},
	} {
		out, err := start(c.variable, c.value)
		var exit *exec.ExitError
		require.True(t, errors.As(err, &exit), "%s=%s: %v", c.variable, c.value, err)
		require.Equal(t, 2, exit.ExitCode())
		require.Contains(t, out, c.says)
	}
}

func TestVariablesSetUpTheProcess(t *testing.T) {
	for _, c := range []struct{ variable, value, says string }{
		{"RESIDUUM_CPU", "generic", "level generic, "},
		{"RESIDUUM_WINOGRAD", "off", "winograd false, "},
		{"RESIDUUM_WINOGRAD", "on", "winograd true, "},
		{"GOMAXPROCS", "7", "workers 7\n"},
	} {
		out, err := start(c.variable, c.value)
		require.NoError(t, err)
		require.Contains(t, out, c.says)
	}
}

// start runs this test's program anew, which reports its settings.
func start(variable, value string) (output string, err error) {
	c := exec.Command(os.Args[0], "-test.run=^TestReportSettings$", "-test.v")
	c.Env = append(os.Environ(), reports+"=1", "RESIDUUM_CPU=", "RESIDUUM_WINOGRAD=", variable+"="+value)
	out, err := c.CombinedOutput()
	return string(out), err
}

const reports = "RESIDUUM_TEST_REPORT_SETTINGS"

func TestReportSettings(t *testing.T) {
	if os.Getenv(reports) == "" {
		t.Skip("for start")
	}
	t.Logf("level %s, winograd %v, workers %d", residuum.Level(), residuum.Winograd(), residuum.Workers())
}
