// Command levels prints the instruction-set levels that this build has on this machine, one a line.
package main

import (
	"fmt"

	"github.com/residuum-go/residuum/internal/cpu"
)

func main() {
	for _, l := range cpu.Available() {
		fmt.Println(l)
	}
}
