//go:build linux || darwin

// Package mpi lets the processes of an MPI job train one model together, as the Ranks of a [train.Config]:
//
//	func main() {
//		mpi.Main(func(world *mpi.World) error {
//			...
//			trainer, err := train.New(net, loader, sgd, train.Config{Ranks: world, MicroBatches: 8, ...})
//			if err != nil {
//				return err
//			}
//			_, err = trainer.Run(ctx)
//			return err
//		})
//	}
//
// started as usual, by mpirun -n 2 --bind-to none ./program (without that, Open MPI gives each rank one core) or srun -K -n
// 2 --mpi=pmix ./program. The library is the system's, Open MPI,
// MPICH or one with the ABI of MPI 5, which is found when the program starts; the program is built without cgo. It is that
// of the launcher, or else what RESIDUUM_MPI names, a file or what the dynamic linker finds.
//
// It is a module of its own, so that the library itself depends on none of this.
package mpi
