//go:build !linux

package pages

func enlarge(from, size uintptr) {}
