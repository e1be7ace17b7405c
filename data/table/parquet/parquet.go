// Package parquet reads tables from Parquet files, as package table reads them from comma-separated values. It is a module
// of its own, so that nobody else builds the library that it reads them with.
//
//	train, err := parquet.Load("flights.parquet")
//	fit, err := train.Examples(table.Roles{Target: "arr_delay"})
package parquet

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/parquet-go/parquet-go"

	"github.com/residuum-go/residuum/data/table"
)

// Load reads a file as [Read] does.
func Load(path string) (*table.Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("parquet: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("parquet: %w", err)
	}
	return Read(f, info.Size(), path)
}

// Read reads a file of so many bytes. name is what errors call it. Columns of integers, floats and booleans become numbers,
// rounded to float32; a number that is beyond its range is an error. Those of texts become categories. Null is a missing
// value. Columns of other kinds, lists and groups are refused. It fails with [table.ErrFormat].
func Read(r io.ReaderAt, size int64, name string) (t *table.Table, err error) {
	defer func() {
		if fault := recover(); fault != nil { // the library's, of what a file claims
			t, err = nil, fmt.Errorf("parquet: %s: %v: %w", name, fault, table.ErrFormat)
		}
	}()
	file, err := parquet.OpenFile(r, size)
	if err != nil {
		return nil, fmt.Errorf("parquet: %s: %w: %w", name, table.ErrFormat, err)
	}
	var columns []table.Column
	for i, field := range file.Schema().Fields() {
		if !field.Leaf() || field.Repeated() {
			return nil, fmt.Errorf("parquet: %s: column %q: lists and groups are not read: %w", name, field.Name(), table.ErrFormat)
		}
		c := &column{name: field.Name(), numbers: []float32{}}
		for _, group := range file.RowGroups() {
			if err := c.read(group.ColumnChunks()[i]); err != nil {
				return nil, fmt.Errorf("parquet: %s: row %d, column %q: %w: %w", name, len(c.numbers)+1, c.name, table.ErrFormat, err)
			}
		}
		done, err := c.table(field.Type().Kind() == parquet.ByteArray)
		if err != nil {
			return nil, fmt.Errorf("parquet: %s: %w", name, err)
		}
		columns = append(columns, done)
	}
	return table.New(name, columns)
}

// column is one that is being read: numbers, NaN where there is none, or texts.
type column struct {
	name    string
	numbers []float32
	texts   []string
}

func (c *column) read(chunk parquet.ColumnChunk) error {
	pages := chunk.Pages()
	defer pages.Close()
	buffer := make([]parquet.Value, 1024)
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for values := page.Values(); ; {
			n, err := values.ReadValues(buffer)
			for _, v := range buffer[:n] {
				if err := c.add(v); err != nil {
					return err
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
		}
		parquet.Release(page)
	}
}

func (c *column) add(v parquet.Value) error {
	number, text := math.NaN(), ""
	switch {
	case v.IsNull():
	case v.Kind() == parquet.Boolean:
		number = 0
		if v.Boolean() {
			number = 1
		}
	case v.Kind() == parquet.Int32:
		number = float64(v.Int32())
	case v.Kind() == parquet.Int64:
		number = float64(v.Int64())
	case v.Kind() == parquet.Float:
		number = float64(v.Float())
	case v.Kind() == parquet.Double:
		number = v.Double()
	case v.Kind() == parquet.ByteArray:
		number, text = 0, string(v.ByteArray())
	default:
		return fmt.Errorf("values of kind %s are not read", v.Kind())
	}
	single := float32(number)
	if math.IsInf(float64(single), 0) && !math.IsInf(number, 0) {
		return fmt.Errorf("%v is beyond the range of float32", number)
	}
	c.numbers = append(c.numbers, single)
	c.texts = append(c.texts, text)
	return nil
}

// table returns the column as one of numbers or texts.
func (c *column) table(texts bool) (table.Column, error) {
	if !texts {
		return table.Column{Name: c.name, Values: c.numbers}, nil
	}
	return table.TextColumn(c.name, c.texts, func(row int) bool { return c.numbers[row] != c.numbers[row] })
}
