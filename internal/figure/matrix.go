package figure

import (
	"bytes"
	"fmt"
	"image/color"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Matrix is a figure of counts: a row for each class, from the top, and a column for each that it was taken for. The
// darker a cell, the larger its share of the row; up to 20 classes have their names and the shares in percent.
type Matrix struct {
	Title, XLabel, YLabel string
	Names                 []string
	Counts                [][]int
}

// SVG returns the matrix as a scalable drawing.
func (m Matrix) SVG() ([]byte, error) { return m.render("svg") }

// PNG returns the matrix as a picture.
func (m Matrix) PNG() ([]byte, error) { return m.render("png") }

const (
	mostNamed = 20
	shades    = 64
)

// Dims, X, Y and Z make the matrix a grid of shares.
func (m Matrix) Dims() (columns, rows int) { return len(m.Counts), len(m.Counts) }

// X returns the place of a column.
func (m Matrix) X(column int) float64 { return float64(column) }

// Y returns the place of a row.
func (m Matrix) Y(row int) float64 { return float64(row) }

// Z returns the share of its row that a cell has, where row 0 is the lowest.
func (m Matrix) Z(column, row int) float64 {
	counts, sum := m.Counts[len(m.Counts)-1-row], 0
	for _, n := range counts {
		sum += n
	}
	return float64(counts[column]) / float64(max(sum, 1))
}

// blues run from white to the palette's blue.
type blues struct{}

func (blues) Colors() []color.Color {
	all := make([]color.Color, shades)
	for i := range all {
		mix := func(full uint8) uint8 { return uint8(255 - (255-int(full))*i/(shades-1)) }
		all[i] = color.RGBA{mix(palette[0].R), mix(palette[0].G), mix(palette[0].B), 255}
	}
	return all
}

func (m Matrix) render(format string) ([]byte, error) {
	n := len(m.Counts)
	for _, row := range m.Counts {
		if len(row) != n || len(m.Names) != n {
			return nil, fmt.Errorf("figure %q: %d names, %d rows, one of %d", m.Title, len(m.Names), n, len(row))
		}
	}
	if n == 0 {
		return nil, fmt.Errorf("figure %q: no classes", m.Title)
	}
	p, legend := plot.New(), plot.NewLegend()
	style(p, &legend, Chart{Title: m.Title, XLabel: m.XLabel, YLabel: m.YLabel + ", cells in % of it"})
	heat := plotter.NewHeatMap(m, blues{})
	heat.Min, heat.Max = 0, 1
	p.Add(heat)
	if n <= mostNamed {
		m.name(p)
	}
	canvas, err := draw.NewFormattedCanvas(width, width*0.8, format)
	if err != nil {
		return nil, fmt.Errorf("figure %q: %w", m.Title, err)
	}
	whole := draw.New(canvas)
	whole.SetColor(color.White)
	whole.Fill(whole.Rectangle.Path())
	p.Draw(draw.Crop(whole, margin, -2*margin, margin, -margin))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("figure %q: %w", m.Title, err)
	}
	return bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans"), []byte("font-family:"+families)), nil
}

// name writes the names at the axes and the shares into the cells.
func (m Matrix) name(p *plot.Plot) {
	var across, up []plot.Tick
	var cells plotter.XYLabels
	for i, name := range m.Names {
		across = append(across, plot.Tick{Value: float64(i), Label: name})
		up = append(up, plot.Tick{Value: float64(len(m.Names) - 1 - i), Label: name})
		for k := range m.Names {
			cells.XYs = append(cells.XYs, plotter.XY{X: float64(k), Y: float64(i)})
			cells.Labels = append(cells.Labels, strconv.FormatFloat(100*m.Z(k, i), 'f', 0, 64))
		}
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.ConstantTicks(across), plot.ConstantTicks(up)
	if len(m.Names) > 6 { // names side by side would run into each other
		p.X.Tick.Label.Rotation, p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = 0.7, draw.XRight, draw.YTop
	}
	labels, err := plotter.NewLabels(cells)
	if err != nil {
		panic(err) // there are as many labels as places
	}
	for i := range labels.TextStyle {
		s := &labels.TextStyle[i]
		s.Font = p.X.Tick.Label.Font
		s.XAlign, s.YAlign = draw.XCenter, draw.YCenter
		if m.Z(int(cells.XYs[i].X), int(cells.XYs[i].Y)) > 0.5 {
			s.Color = color.White
		}
	}
	labels.Offset = vg.Point{}
	p.Add(labels)
}
