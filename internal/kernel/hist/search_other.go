//go:build !amd64 || purego

package hist

func searchNumbers(s *search) { searchNumbersRef(s) }
func searchPairs(s *search)   { searchPairsRef(s) }
