// Command vec writes the assembly of package vec.
package main

import (
	"github.com/residuum-go/residuum/internal/kernel/_asm/neon"
	"github.com/residuum-go/residuum/internal/kernel/_asm/simd"
	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

func main() {
	amd64, arm64 := simd.New(), neon.New("vec")
	levels := []vector.Machine{neon.Machine{Asm: arm64}}
	for _, m := range simd.Machines(amd64) {
		levels = append(levels, m)
	}
	for _, m := range levels {
		elementwise(m)
		rows(m)
		optimisers(m)
		rowSums(m)
		flatSums(m)
		softmax(m)
	}
	simd.Write(amd64, "vec", "../vec/asm_amd64.s", "../vec/asm_amd64.go", "go", "run", "./vec")
	arm64.Write("../vec/asm_arm64.s", "../vec/asm_arm64.go", "go run ./vec")
}
