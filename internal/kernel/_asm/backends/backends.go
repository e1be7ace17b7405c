// Package backends has the back-ends of package vector write the files of a package of kernels.
package backends

import (
	"github.com/residuum-go/residuum/internal/kernel/_asm/neon"
	"github.com/residuum-go/residuum/internal/kernel/_asm/simd"
	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

// Write executes kernels for every level and writes package pkg beside the module's directory: the assembly, its
// declarations and the table of kernels.
func Write(pkg string, kernels func(m vector.Machine)) {
	amd64, arm64 := simd.New(), neon.New(pkg)
	archs := []vector.Arch{{Name: "amd64"}, {Name: "arm64"}}
	for _, m := range simd.Machines(amd64) {
		kernels(m)
		archs[0].Levels = append(archs[0].Levels, m.Level())
	}
	m := neon.Machine{Asm: arm64}
	kernels(m)
	archs[1].Levels = append(archs[1].Levels, m.Level())

	dir := "../" + pkg
	simd.Write(amd64, dir+"/asm_amd64.s", "go", "run", "./"+pkg)
	arm64.WriteAssembly(dir+"/asm_arm64.s", "go run ./"+pkg)
	vector.WriteTables(dir, pkg, "go run ./"+pkg, archs)
}
