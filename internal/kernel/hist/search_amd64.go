//go:build !purego

package hist

import "github.com/residuum-go/residuum/internal/cpu"

func searchNumbers(s *search) {
	if cpu.Active() < cpu.AVX2 {
		searchNumbersRef(s)
		return
	}
	searchNumbersAVX2(s)
}

func searchPairs(s *search) {
	if cpu.Active() < cpu.AVX2 {
		searchPairsRef(s)
		return
	}
	searchPairsAVX2(s)
}
