//go:build !purego

package cpu

import "golang.org/x/sys/cpu"

func detect() []Level {
	x := cpu.X86
	levels := []Level{Generic}
	if x.HasAVX2 && x.HasFMA {
		levels = append(levels, AVX2)
		if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512CD && x.HasAVX512DQ && x.HasAVX512VL {
			levels = append(levels, AVX512)
		}
	}
	return levels
}
