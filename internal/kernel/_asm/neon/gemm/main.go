// Command gemm writes the arm64 assembly of package tile: the inner loops of GEMM and convolution.
//
// A tile holds its sums in registers, six rows of four vectors when it is whole. FMLA multiplies a vector
// with one lane of another, so that A needs no broadcasts: a vector of A holds four steps of one row in
// [Rows], one step of four rows in [Outer]. Of the 32 registers a tile of R x C vectors takes RC for the
// sums, R for A and at least two for B, and four steps load R + 4C vectors for 4RC multiply-adds:
//
//	rows x columns   registers         loads per multiply-add
//	4 x 20           20 + 4 + 2 = 26   0.30
//	5 x 16           20 + 5 + 2 = 27   0.26
//	8 x 8            16 + 8 + 2 = 26   0.25
//	7 x 12           21 + 7 + 2 = 30   0.23
//	6 x 16           24 + 6 + 2 = 32   0.23
//	8 x 12           24 + 8 + 2 = 34   too many
//
// 6 x 16 has more sums than 7 x 12, and so more time for each: 24 chains of dependent multiply-adds keep four
// pipes with a latency of four busy. Panels of 16 columns also fit the channels of networks.
//
// Tiles of one or two vectors have four or two sets of sums, and steps take turns, so that they, too, have up to 24
// chains. Lower tiles have as many sets as the whole one, since a row is to have the same bits in each.
package main

import (
	"flag"

	"github.com/residuum-go/residuum/internal/kernel/_asm/neon"
)

const (
	maxRows    = 6
	maxVectors = 4 // of four columns
	maxSums    = 24
)

func main() {
	out := flag.String("out", "", "assembly")
	declarations := flag.String("declarations", "", "of the functions, in Go")
	flag.Parse()
	k := kernels{Asm: neon.New("tile"), fields: neon.FieldsOf("../gemm/tile/args.go")}
	for vectors := maxVectors; vectors >= 1; vectors-- {
		k.rows(vectors)
	}
	for vectors := maxVectors; vectors >= 1; vectors-- {
		k.outer(vectors)
	}
	k.copyRows()
	k.transpose()
	k.peak()
	k.Write(*out, *declarations, "go run ./neon/gemm")
}

type kernels struct {
	*neon.Asm
	fields neon.Fields
}

// field reads a field of the struct that t points to; of a slice, its first word, the address.
func (k kernels) field(t neon.GP, name string, to neon.GP) { k.Field(k.fields, t, name, to) }
