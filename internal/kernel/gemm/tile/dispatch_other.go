//go:build !(amd64 || arm64) || purego

package tile

import "github.com/residuum-go/residuum/internal/cpu"

// Run computes the tile.
func (t *Rows) Run(cpu.Level) { rowsGo(t) }

// RunPair does not exist here: PairCols is 0.
func (t *Rows) RunPair(cpu.Level) { panic("tile: no paired kernel") }

// Run computes the tile.
func (t *Outer) Run(cpu.Level) { outerGo(t) }

// Run computes the strip.
func (s *Strip) Run(l cpu.Level) { stripGo(s, l) }

// Run computes the dot products.
func (t *Dots) Run(cpu.Level) { dotsGo(t) }

// Run computes the rows.
func (t *Combine) Run(cpu.Level) { combineGo(t) }

// Peak returns 0: nothing to measure against.
func Peak(cpu.Level, int) (flops float64) { return 0 }

// Without vectors, panels are packed element by element.
func lanes(cpu.Level) int                                      { return 0 }
func copyRows(cpu.Level, []float32, []float32, int, int) bool  { return false }
func transpose(cpu.Level, []float32, int, []float32, int, int) {}
