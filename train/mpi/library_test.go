//go:build linux || darwin

package mpi

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestLauncherChoosesTheLibrary(t *testing.T) {
	f := files[runtime.GOOS]
	require.Equal(t, f.open[0], candidates(env("OMPI_COMM_WORLD_SIZE", "2"))[0])
	require.Equal(t, f.mpich[0], candidates(env("PMI_SIZE", "2"))[0])
	require.NotContains(t, candidates(env("PMI_SIZE", "2")), f.open[0])
	require.Equal(t, f.open[0], candidates(env())[0])
	require.Len(t, candidates(env()), len(f.open)+len(f.mpich)+len(f.abi))
	require.Equal(t, []string{"/opt/libmpi.so"}, candidates(env("PMI_SIZE", "2", "RESIDUUM_MPI", "/opt/libmpi.so")))
}

func TestLauncherThatHasStartedMore(t *testing.T) {
	l := &library{name: "MPICH, libmpich.so.12"}
	require.NoError(t, l.checkSize(1, env()))
	require.NoError(t, l.checkSize(1, env("SLURM_NTASKS", "1")))
	require.NoError(t, l.checkSize(2, env("SLURM_NTASKS", "4")), "an mpirun of fewer than are allocated")
	require.NoError(t, l.checkSize(1, env("PMI_SIZE", "1", "SLURM_NTASKS", "4")), "the same")
	require.EqualError(t, l.checkSize(1, env("OMPI_COMM_WORLD_SIZE", "3")), "mpi: this is rank 0 of 1 for the library (MPICH, libmpich.so.12), "+
		"but Open MPI's mpirun has started 3 (OMPI_COMM_WORLD_SIZE): start it by the launcher of this library (mpiexec.mpich), "+
		"or name the launcher's library in RESIDUUM_MPI")
	require.ErrorContains(t, l.checkSize(1, env("PMI_SIZE", "3")), "but a launcher of MPICH's kind has started 3 (PMI_SIZE)")
	require.ErrorContains(t, l.checkSize(1, env("SLURM_NTASKS", "2")), "start it by srun -K --mpi=pmix for Open MPI")
}
