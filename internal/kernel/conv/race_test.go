//go:build race

package conv

func init() { race = true }
