package figure

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatrix(t *testing.T) {
	m := Matrix{Title: "T", XLabel: "taken for", YLabel: "class", Names: []string{"cat", "dog", "hare"},
		Counts: [][]int{{3, 1, 0}, {0, 0, 0}, {0, 2, 5}}}
	require.Equal(t, 0.75, m.Z(0, 2)) // the first class is on top
	require.Equal(t, 2./7, m.Z(1, 0))
	require.Zero(t, m.Z(1, 1)) // a class without pictures
	svg, err := m.SVG()
	require.NoError(t, err)
	require.NoError(t, xml.Unmarshal(svg, new(struct{ XMLName xml.Name })))
	for _, text := range []string{">cat<", ">hare<", ">75<", ">29<", "taken for", "class, cells in % of it"} {
		require.Contains(t, string(svg), text)
	}
	pic, err := m.PNG()
	require.NoError(t, err)
	_, err = png.Decode(bytes.NewReader(pic))
	require.NoError(t, err)

	many := Matrix{Title: "many", Names: make([]string, 150), Counts: make([][]int, 150)}
	for i := range many.Counts {
		many.Counts[i] = make([]int, 150)
		many.Counts[i][i] = 2
	}
	_, err = many.SVG()
	require.NoError(t, err)

	_, err = Matrix{Title: "none"}.SVG()
	require.ErrorContains(t, err, "no classes")
	m.Counts[1] = nil
	_, err = m.PNG()
	require.ErrorContains(t, err, "3 rows, one of 0")
}
