// Package table aligns what people read.
package table

import (
	"fmt"
	"strings"
)

// Align returns rows of cells as lines whose columns stand two spaces apart: the first columns, as many as left says, to
// the left, the others to the right. No line ends with spaces.
func Align(left int, rows ...[]string) string {
	var wide []int
	for _, r := range rows {
		for i, s := range r {
			if i == len(wide) {
				wide = append(wide, 0)
			}
			wide[i] = max(wide[i], len(s))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		line := ""
		for i, s := range r {
			if i < left {
				line += fmt.Sprintf("%-*s  ", wide[i], s)
			} else {
				line += fmt.Sprintf("%*s  ", wide[i], s)
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
