// Command pool writes the kernels of package pool.
package main

import (
	"github.com/residuum-go/residuum/internal/kernel/_asm/backends"
	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

func main() {
	backends.Write("pool", func(m vector.Machine) {
		maxWindows(m)
		avgWindows(m)
		maxGradWindows(m)
	})
}
