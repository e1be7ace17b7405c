//go:build linux || darwin

package mpi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asRank names what a rank of a test's job does.
const asRank = "RESIDUUM_TEST_RANK"

func TestMain(m *testing.M) {
	if name := os.Getenv(asRank); name != "" {
		Main(roles[name])
	}
	os.Exit(m.Run())
}

// roles are what ranks of the tests' jobs do.
var roles = map[string]func(*World) error{
	"exchange": exchangeAll,
	"recover": func(w *World) error {
		defer func() { fmt.Println("recovered", recover() != nil) }()
		var nowhere *World
		fmt.Println(nowhere.size)
		return nil
	},
	"fail": func(w *World) error {
		if w.Rank() == w.Size()-1 {
			return errors.New("out of luck")
		}
		return waitForever(w)
	},
	"panic": func(w *World) error {
		if w.Rank() == w.Size()-1 {
			panic("out of luck")
		}
		return waitForever(w)
	},
	"all": func(*World) error { return errors.New("out of luck") },
	"twice": func(w *World) error {
		defer func() { fmt.Println(recover()) }()
		Main(exchangeAll)
		return nil
	},
}

// waitForever waits for the last rank.
func waitForever(w *World) error {
	to, from := make([][]byte, w.Size()), make([][]byte, w.Size())
	from[w.Size()-1] = make([]byte, 1)
	return w.Exchange(to, from)
}

// exchangeAll sends messages of many lengths, none too, and looks at what arrives.
func exchangeAll(w *World) error {
	for _, scale := range []int{0, 1, 1000, 1 << 20} {
		to, from := make([][]byte, w.Size()), make([][]byte, w.Size())
		for r := range to {
			to[r] = message(w.Rank(), r, scale)
			from[r] = make([]byte, len(message(r, w.Rank(), scale)))
		}
		if err := w.Exchange(to, from); err != nil {
			return err
		}
		for r := range from {
			if r != w.Rank() && !bytes.Equal(from[r], message(r, w.Rank(), scale)) {
				return fmt.Errorf("rank %d has sent something else to rank %d", r, w.Rank())
			}
		}
	}
	fmt.Printf("rank %d of %d by %s\n", w.Rank(), w.Size(), w.Library())
	return nil
}

// message is what one rank sends to another.
func message(from, to, scale int) []byte {
	b := make([]byte, scale*(2*from+to)/3)
	for i := range b {
		b[i] = byte(i*(from+1) + to)
	}
	return b
}

// launchers are the commands that start jobs, by the library that they start.
var launchers = map[string][]string{
	"Open MPI": {"mpirun.openmpi", "--oversubscribe"},
	"MPICH":    {"mpirun.mpich"},
}

// eachLibrary runs a test with every library. Without a launcher it is skipped, but in continuous integration, where it
// fails.
func eachLibrary(t *testing.T, test func(t *testing.T, library string)) {
	for library, command := range launchers {
		t.Run(library, func(t *testing.T) {
			if _, err := exec.LookPath(command[0]); err != nil {
				if os.Getenv("CI") != "" {
					t.Fatal(err)
				}
				t.Skip(err)
			}
			test(t, library)
		})
	}
}

// launch returns the command that starts so many ranks of a program, with all on this machine and as root, too.
func launch(ctx context.Context, library string, ranks int, program ...string) *exec.Cmd {
	args := append(append(launchers[library], "-n", strconv.Itoa(ranks)), program...)
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Env = append(os.Environ(), "GOMAXPROCS=1", "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
		"OMPI_MCA_btl=self,vader", "OMPI_MCA_btl_vader_single_copy_mechanism=none", "OMPI_MCA_hwloc_base_binding_policy=none")
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) } // which launchers pass on
	c.WaitDelay = 10 * time.Second
	return c
}

// limited is how long a job may take at most that should end by itself.
func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// play runs a job of ranks with a role, and returns what they said.
func play(t *testing.T, library string, ranks int, role string) (said string, err error) {
	c := launch(limited(t), library, ranks, os.Args[0])
	c.Env = append(c.Env, asRank+"="+role)
	out, err := c.CombinedOutput()
	return string(out), err
}

func TestRanksExchange(t *testing.T) {
	eachLibrary(t, func(t *testing.T, library string) {
		for _, ranks := range []int{1, 2, 3} {
			said, err := play(t, library, ranks, "exchange")
			require.NoError(t, err, said)
			for r := range ranks {
				require.Contains(t, said, fmt.Sprintf("rank %d of %d by %s, lib", r, ranks, library))
			}
		}
	})
}

// A nil pointer is a panic that can be recovered from, as ever in Go: the library has not taken the signal.
func TestLibraryLeavesSignalsToGo(t *testing.T) {
	eachLibrary(t, func(t *testing.T, library string) {
		said, err := play(t, library, 2, "recover")
		require.NoError(t, err, said)
		require.Equal(t, 2, strings.Count(said, "recovered true"), said)
	})
}

// A rank that ends by an error or a panic ends those that wait for it, and the job says so.
func TestFailedRankEndsTheJob(t *testing.T) {
	eachLibrary(t, func(t *testing.T, library string) {
		for _, role := range []string{"fail", "panic", "all"} {
			said, err := play(t, library, 3, role)
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "%s: %s", role, said)
			require.True(t, exit.Exited(), "%s: it had to be ended: %s", role, said)
			require.Contains(t, said, "out of luck")
		}
	})
}

func TestMainTwice(t *testing.T) {
	eachLibrary(t, func(t *testing.T, library string) {
		said, err := play(t, library, 1, "twice")
		require.NoError(t, err, said)
		require.Contains(t, said, "mpi: Main: called twice: MPI starts once in a process")
	})
}

// Under the launcher of another library every rank would train by itself.
func TestWrongLauncher(t *testing.T) {
	eachLibrary(t, func(t *testing.T, library string) {
		other := map[string]string{"Open MPI": "MPICH", "MPICH": "Open MPI"}[library]
		if _, err := exec.LookPath(launchers[other][0]); err != nil {
			t.Skip(err)
		}
		c := launch(limited(t), library, 2, os.Args[0])
		file := map[string]string{"Open MPI": "libmpi.so.40", "MPICH": "libmpich.so.12"}[other]
		c.Env = append(c.Env, asRank+"=exchange", variable+"="+file)
		out, err := c.CombinedOutput()
		require.Error(t, err, string(out))
		require.Contains(t, string(out), "mpi: this is rank 0 of 1 for the library ("+other)
	})
}

func TestWithoutALibrary(t *testing.T) {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), asRank+"=exchange", variable+"=libnowhere.so.1")
	out, err := c.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "mpi: there is no MPI library (")
	require.Contains(t, string(out), "libnowhere.so.1")
	require.Contains(t, string(out), "Install Open MPI (Debian and Fedora: openmpi-bin or openmpi) or MPICH")

	c = exec.Command(os.Args[0])
	c.Env = append(os.Environ(), asRank+"=exchange", variable+"=libc.so.6")
	out, err = c.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "mpi: libc.so.6 is no MPI library: ")
}

// fashion builds the program that trains.
func fashion(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "fashion")
	c := exec.Command("go", "build", "-o", path, "./fashion")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := c.CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

// hash returns what a job says of the weights.
func hash(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	out, err := c.CombinedOutput()
	require.NoError(t, err, string(out))
	_, hash, ok := strings.Cut(string(out), "weights ")
	require.True(t, ok, string(out))
	return strings.TrimSpace(hash)
}

// The weights have the same bits after 1, 2 and 3 ranks of each library, and others where batch norms see the whole batch.
func TestAnyNumberOfRanksTrainsTheSameBits(t *testing.T) {
	program, want := fashion(t), map[string]string{}
	eachLibrary(t, func(t *testing.T, library string) {
		for sync, some := range map[string][]int{"-sync=false": {1, 2, 3}, "-sync": {1, 3}} {
			for _, ranks := range some {
				got := hash(t, launch(limited(t), library, ranks, program, "-images", "96", sync))
				if want[sync] == "" {
					want[sync] = got
				}
				require.Equal(t, want[sync], got, "%d ranks, %s", ranks, sync)
			}
		}
		require.NotEqual(t, want["-sync"], want["-sync=false"])
	})
}

// When a rank is killed all end within seconds, the job fails, the checkpoint is whole, and from there another number of
// ranks comes to where a run would have come that was never stopped.
func TestKilledRank(t *testing.T) {
	program := fashion(t)
	eachLibrary(t, func(t *testing.T, library string) {
		args := []string{"-images", "96", "-epochs", "4"}
		want := hash(t, launch(limited(t), library, 1, append([]string{program}, args...)...))

		dir := t.TempDir()
		args = append(args, "-checkpoint", filepath.Join(dir, "net.safetensors"))
		script := `echo $$ > "$0/rank$OMPI_COMM_WORLD_RANK$PMI_RANK"; exec "$@"`
		job := launch(limited(t), library, 3, append([]string{"sh", "-c", script, dir, program}, args...)...)
		var said bytes.Buffer
		job.Stdout, job.Stderr = &said, &said
		require.NoError(t, job.Start())
		ended := make(chan error, 1)
		go func() { ended <- job.Wait() }()
		for !exists(filepath.Join(dir, "net.safetensors")) {
			select {
			case err := <-ended:
				t.Fatalf("ended early: %v: %s", err, &said)
			case <-time.After(time.Millisecond):
			}
		}
		require.NoError(t, syscall.Kill(processOf(t, filepath.Join(dir, "rank1")), syscall.SIGKILL))
		var exit *exec.ExitError
		require.ErrorAs(t, <-ended, &exit, said.String())
		require.True(t, exit.Exited(), "it had to be ended: %s", &said)
		for r := range 3 {
			gone := func() bool { return syscall.Kill(processOf(t, filepath.Join(dir, fmt.Sprint("rank", r))), 0) != nil }
			require.Eventually(t, gone, 10*time.Second, 10*time.Millisecond, "rank %d", r)
		}
		require.Equal(t, want, hash(t, launch(limited(t), library, 2, append([]string{program}, args...)...)))
	})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// processOf reads the number of a process.
func processOf(t *testing.T, path string) int {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	id, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	return id
}
