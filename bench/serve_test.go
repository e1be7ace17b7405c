package bench_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkServeStart starts examples/serve, built as one static file, and waits until its net is loaded: ready to answer.
func BenchmarkServeStart(b *testing.B) {
	file := filepath.Join(b.TempDir(), "serve")
	build := exec.Command("go", "build", "-o", file, "../examples/serve")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(b, err, "%s", out)
	about, err := os.Stat(file)
	require.NoError(b, err)
	for b.Loop() {
		p := exec.Command(file, "-listen", "127.0.0.1:0")
		log, err := p.StderrPipe()
		require.NoError(b, err)
		require.NoError(b, p.Start())
		lines := bufio.NewScanner(log)
		for ready := false; !ready; ready = strings.Contains(lines.Text(), "model loaded") {
			require.True(b, lines.Scan(), "the log ends before its net is loaded: %v", lines.Err())
		}
		b.StopTimer()
		require.NoError(b, p.Process.Kill())
		_ = p.Wait() // killed
		b.StartTimer()
	}
	b.ReportMetric(float64(about.Size())/1e6, "MB")
}
