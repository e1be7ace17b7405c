// Command pool writes the assembly of package pool.
package main

import (
	"github.com/residuum-go/residuum/internal/kernel/_asm/neon"
	"github.com/residuum-go/residuum/internal/kernel/_asm/simd"
	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

func main() {
	amd64, arm64 := simd.New(), neon.New("pool")
	levels := []vector.Machine{neon.Machine{Asm: arm64}}
	for _, m := range simd.Machines(amd64) {
		levels = append(levels, m)
	}
	for _, m := range levels {
		maxWindows(m)
		avgWindows(m)
		maxGradWindows(m)
	}
	simd.Write(amd64, "pool", "../pool/asm_amd64.s", "../pool/asm_amd64.go", "go", "run", "./pool")
	arm64.Write("../pool/asm_arm64.s", "../pool/asm_arm64.go", "go run ./pool")
}
