// Package figure draws the charts of the examples and the documentation, as SVG and PNG: a title,
// axes with units, a legend, error bars or bands, and series that differ in colour, in dash and in
// marker, so that they can be told apart without colour.
package figure

import (
	"bytes"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	_ "gonum.org/v1/plot/vg/vgimg" // PNG
	_ "gonum.org/v1/plot/vg/vgsvg" // SVG
)

// Style says how a series is drawn.
type Style int

const (
	Line   Style = iota // a line with a marker at each point
	Points              // markers only
	Curve               // a line only, for many points
)

// Series is one set of points. Low and High, if given, are the ends of error bars at each point.
type Series struct {
	Name      string
	X, Y      []float64
	Low, High []float64
	Style     Style
	Look      int  // number of its colour, dash and marker, from 1; 0 for its place among the series
	Faint     bool // drawn thin and pale, behind the others, and left out of the legend
	Like      int  // with Faint: the index of the series whose colour it takes
}

// Chart is one figure.
type Chart struct {
	Title, XLabel, YLabel string
	Series                []Series
	LogX, LogY            bool    // values must then be positive; others are left out
	YMin, YMax            float64 // axis range; equal values mean that of the data
	Marks                 []Mark
}

// Mark is a dashed line across the chart at a value of y, or of x if Vertical, with a name in the legend.
type Mark struct {
	Name     string
	At       float64
	Vertical bool
}

// The palette of Okabe and Ito (2008) without its yellow, and a dark grey, which readers with any common colour blindness can tell apart.
var palette = []color.RGBA{
	{0x00, 0x72, 0xb2, 0xff}, // blue
	{0xd5, 0x5e, 0x00, 0xff}, // vermilion
	{0x00, 0x9e, 0x73, 0xff}, // bluish green
	{0xcc, 0x79, 0xa7, 0xff}, // reddish purple
	{0xe6, 0x9f, 0x00, 0xff}, // orange
	{0x56, 0xb4, 0xe9, 0xff}, // sky blue
	{0x00, 0x00, 0x00, 0xff}, // black
	{0x4d, 0x4d, 0x4d, 0xff}, // dark grey
}

var dashes = [][]vg.Length{
	nil,
	{vg.Points(6), vg.Points(3)},
	{vg.Points(2), vg.Points(2)},
	{vg.Points(8), vg.Points(2), vg.Points(2), vg.Points(2)},
	{vg.Points(12), vg.Points(3)},
}

var markers = []draw.GlyphDrawer{
	draw.CircleGlyph{}, draw.BoxGlyph{}, draw.TriangleGlyph{}, draw.CrossGlyph{}, draw.PlusGlyph{}, draw.RingGlyph{}, draw.SquareGlyph{}, draw.PyramidGlyph{},
}

const (
	width        = 19 * vg.Centimeter
	height       = 9.5 * vg.Centimeter
	narrowWidth  = 10 * vg.Centimeter
	narrowHeight = 8.5 * vg.Centimeter // without the legend
	margin       = 8 * vg.Length(1)    // points
	thumbnail    = 28 * vg.Length(1)   // of a legend, in points
)

// An SVG is drawn by whoever shows it, in the first of these that is at hand. The first four are equally wide; another
// one may be wider than what the drawing was made for, of which a legend takes heed.
const (
	typeface = "Liberation"
	families = "Liberation Sans,Arimo,Arial,Helvetica,sans-serif"
	wider    = 1.2
)

// SVG returns the chart as a scalable drawing.
func (c Chart) SVG() ([]byte, error) { return c.render("svg", false) }

// NarrowSVG returns the chart for the screen of a phone, in letters that stay readable there: without
// its title, and with the legend below.
func (c Chart) NarrowSVG() ([]byte, error) {
	c.Title = ""
	return c.render("svg", true)
}

// PNG returns the chart as a picture, 718 by 359 pixels.
func (c Chart) PNG() ([]byte, error) { return c.render("png", false) }

func (c Chart) render(format string, narrow bool) ([]byte, error) {
	p, legend, err := c.plot()
	if err != nil {
		return nil, fmt.Errorf("figure %q: %w", c.Title, err)
	}
	w, h, below := width, height, vg.Length(0)
	if narrow {
		below = legend.Rectangle(draw.Canvas{}).Size().Y + 2*margin
		w, h = narrowWidth, narrowHeight+below
	}
	canvas, err := draw.NewFormattedCanvas(w, h, format)
	if err != nil {
		return nil, fmt.Errorf("figure %q: %w", c.Title, err)
	}
	whole := draw.New(canvas)
	whole.SetColor(color.White)
	whole.Fill(whole.Rectangle.Path())
	whole = draw.Crop(whole, margin, -margin, margin, -margin)
	switch {
	case c.entries() == 0:
		p.Draw(whole)
	case narrow:
		p.Draw(draw.Crop(whole, 0, 0, below, 0))
		legend.Draw(draw.Crop(whole, 0, 0, 0, below-whole.Max.Y+whole.Min.Y))
	default: // the legend stands to the right of the plot, where it hides no data
		room := thumbnail + wider*(legend.Rectangle(whole).Size().X-thumbnail) + 2*margin
		p.Draw(draw.Crop(whole, 0, -room, 0, 0))
		legend.Draw(draw.Crop(whole, whole.Max.X-whole.Min.X-room+2*margin, 0, 0, -vg.Points(20)))
	}
	var buf bytes.Buffer
	if _, err := canvas.WriteTo(&buf); err != nil {
		return nil, fmt.Errorf("figure %q: %w", c.Title, err)
	}
	return bytes.ReplaceAll(buf.Bytes(), []byte("font-family:Liberation Sans"), []byte("font-family:"+families)), nil
}

func (c Chart) plot() (*plot.Plot, *plot.Legend, error) {
	p, legend := plot.New(), plot.NewLegend()
	style(p, &legend, c)
	p.Add(plotter.NewGrid())
	for pass := range 2 { // the faint ones first, behind
		for i, s := range c.Series {
			if s.Faint == (pass == 0) {
				if err := c.add(p, &legend, i, s); err != nil {
					return nil, nil, err
				}
			}
		}
	}
	c.fit(p)
	for i, m := range c.Marks {
		addMark(p, &legend, i, m)
	}
	return p, &legend, nil
}

// entries counts the lines of the legend.
func (c Chart) entries() int {
	n := len(c.Marks)
	for _, s := range c.Series {
		if !s.Faint {
			n++
		}
	}
	return n
}

func style(p *plot.Plot, legend *plot.Legend, c Chart) {
	sans := func(size float64) font.Font {
		return font.Font{Typeface: typeface, Variant: "Sans", Size: vg.Points(size)}
	}
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = c.Title, c.XLabel, c.YLabel
	p.Title.TextStyle.Font = sans(13)
	p.Title.Padding = vg.Points(6)
	p.X.Label.TextStyle.Font, p.Y.Label.TextStyle.Font = sans(11), sans(11)
	p.X.Tick.Marker, p.Y.Tick.Marker = linearTicks{}, linearTicks{}
	p.X.Tick.Label.Font, p.Y.Tick.Label.Font = sans(10), sans(10)
	legend.TextStyle.Font = sans(10)
	legend.Top, legend.Left = true, true
	legend.ThumbnailWidth = thumbnail
	legend.Padding = vg.Points(3)
	if c.LogX {
		p.X.Scale = plot.LogScale{}
		p.X.Tick.Marker = logTicks{}
	}
	if c.LogY {
		p.Y.Scale = plot.LogScale{}
		p.Y.Tick.Marker = logTicks{}
	}
}

// fit keeps the axes finite and lets them cover the marks.
func (c Chart) fit(p *plot.Plot) {
	if c.YMin != c.YMax {
		p.Y.Min, p.Y.Max = c.YMin, c.YMax
	}
	for _, m := range c.Marks {
		if !m.Vertical {
			p.Y.Min, p.Y.Max = math.Min(p.Y.Min, m.At), math.Max(p.Y.Max, m.At)
		}
	}
	if math.IsInf(p.Y.Min, 0) || math.IsInf(p.X.Min, 0) { // nothing to draw
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0.1, 1, 0.1, 1
	}
	widen(&p.Y)
	if p.X.Min == p.X.Max && c.LogX {
		p.X.Min, p.X.Max = p.X.Min/2, p.X.Max*2
	} else if p.X.Min != p.X.Max { // else the drawing widens it, to both sides
		widen(&p.X)
	}
}

// widen gives an axis room for ticks that differ.
func widen(a *plot.Axis) {
	size := math.Max(math.Abs(a.Min), math.Abs(a.Max))
	if length := a.Max - a.Min; length <= 1e-9*size || length < 1/huge {
		a.Max = a.Min + math.Max(1, 1e-6*size)
	}
}

// huge is more than what can be drawn, with room for arithmetic.
const huge = 1e300

// add draws one series.
func (c Chart) add(p *plot.Plot, legend *plot.Legend, i int, s Series) error {
	if len(s.X) != len(s.Y) || s.Low != nil && (len(s.Low) != len(s.Y) || len(s.High) != len(s.Y)) {
		return fmt.Errorf("series %q: %d x, %d y, %d low, %d high", s.Name, len(s.X), len(s.Y), len(s.Low), len(s.High))
	}
	pts := c.points(s)
	if len(pts.XYs) == 0 {
		return nil
	}
	look := i
	if s.Look > 0 {
		look = s.Look - 1
	}
	if s.Faint {
		look = s.Like
	}
	col := palette[look%len(palette)]
	stroke := draw.LineStyle{Color: col, Width: vg.Points(1.8), Dashes: dashes[look%len(dashes)]}
	glyph := draw.GlyphStyle{Color: col, Radius: vg.Points(2.6), Shape: markers[look%len(markers)]}
	if s.Faint {
		stroke.Color, stroke.Width = color.RGBA{col.R / 2, col.G / 2, col.B / 2, 0x60}, vg.Points(0.6)
		glyph.Color, glyph.Radius = stroke.Color, vg.Points(1.5)
	}
	var thumbs []plot.Thumbnailer
	if s.Style != Points {
		l, err := plotter.NewLine(pts)
		if err != nil {
			return err
		}
		l.LineStyle = stroke
		p.Add(l)
		thumbs = append(thumbs, l)
	}
	if s.Style != Curve {
		sc, err := plotter.NewScatter(pts)
		if err != nil {
			return err
		}
		sc.GlyphStyle = glyph
		p.Add(sc)
		thumbs = append(thumbs, sc)
	}
	if s.Low != nil {
		bars, err := plotter.NewYErrorBars(pts)
		if err != nil {
			return err
		}
		bars.LineStyle = draw.LineStyle{Color: col, Width: vg.Points(1)}
		p.Add(bars)
	}
	if !s.Faint {
		legend.Add(s.Name, thumbs...)
	}
	return nil
}

// points are what can be drawn of a series: neither NaN nor huge, and positive on a logarithmic axis.
type points struct {
	plotter.XYs
	plotter.YErrors
}

func (c Chart) points(s Series) points {
	var out points
	drawn := func(v float64, log bool) bool { return math.Abs(v) <= huge && (!log || v > 1/huge) }
	ok := func(v float64) bool { return drawn(v, c.LogY) }
	for i, y := range s.Y {
		if !ok(y) || !drawn(s.X[i], c.LogX) {
			continue
		}
		out.XYs = append(out.XYs, plotter.XY{X: s.X[i], Y: y})
		if s.Low == nil {
			continue
		}
		low, high := y, y
		if ok(s.Low[i]) {
			low = s.Low[i]
		}
		if ok(s.High[i]) {
			high = s.High[i]
		}
		out.YErrors = append(out.YErrors, struct{ Low, High float64 }{y - low, high - y})
	}
	return out
}

func addMark(p *plot.Plot, legend *plot.Legend, i int, m Mark) {
	x0, y0, x1, y1 := p.X.Min, m.At, p.X.Max, m.At
	if m.Vertical {
		x0, y0, x1, y1 = m.At, p.Y.Min, m.At, p.Y.Max
	}
	l := &plotter.Line{XYs: plotter.XYs{{X: x0, Y: y0}, {X: x1, Y: y1}}}
	grey := color.Gray{Y: uint8(70 + 50*(i%3))}
	l.LineStyle = draw.LineStyle{Color: grey, Width: vg.Points(1), Dashes: dashes[1+i%3]}
	p.Add(l)
	legend.Add(m.Name, l)
}
