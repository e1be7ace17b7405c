//go:build race

package gemm

func init() { race = true }
