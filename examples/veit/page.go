package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"os"
	"path/filepath"

	"github.com/residuum-go/residuum/internal/atomicfile"
)

//go:embed page.html
var pageSource string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"percent": func(share float64) string { return fmt.Sprintf("%.1f", percent*share) },
}).Parse(pageSource))

type section struct {
	Title, Text string
	SVG         template.HTML
}

// write puts the whole report into the folder: each file appears complete or not at all, and the page
// that refers to the others comes last.
func write(dir string, r *Results) error {
	var sections []section
	for _, f := range figures(r) {
		svg, err := f.Chart.SVG()
		if err != nil {
			return err
		}
		png, err := f.Chart.PNG()
		if err != nil {
			return err
		}
		if err := atomicfile.Write(filepath.Join(dir, f.Name+".svg"), svg); err != nil {
			return err
		}
		if err := atomicfile.Write(filepath.Join(dir, f.Name+".png"), png); err != nil {
			return err
		}
		sections = append(sections, section{f.Chart.Title, f.Text, inline(svg)})
	}
	numbers, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("results.json: %w", err)
	}
	if err := atomicfile.Write(filepath.Join(dir, "results.json"), append(numbers, '\n')); err != nil {
		return err
	}
	var html bytes.Buffer
	if err := page.Execute(&html, map[string]any{"Results": r, "Figures": sections}); err != nil {
		return fmt.Errorf("index.html: %w", err)
	}
	return atomicfile.Write(filepath.Join(dir, "index.html"), html.Bytes())
}

// inline takes the XML declaration off an SVG file, so that it can stand in a page.
func inline(svg []byte) template.HTML {
	if i := bytes.Index(svg, []byte("<svg")); i > 0 {
		svg = svg[i:]
	}
	return template.HTML(svg)
}

// prepare makes the report folder and checks that it can be written to, before any work is done.
func prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("report folder: %w", err)
	}
	probe, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return fmt.Errorf("report folder: %w", err)
	}
	probe.Close()
	return os.Remove(probe.Name())
}
