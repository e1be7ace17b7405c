package table

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// CSVOptions say how to read comma-separated values. The zero value is the usual.
type CSVOptions struct {
	Comma       rune     // between the values; 0 means ','
	Missing     []string // texts of missing values beside ""; nil means NA, N/A, NaN, nan, null, NULL and ?
	Categorical []string // columns of categories, though all texts are numbers
	Numbers     []string // columns of numbers: another text is an error

	// Like is a table whose columns to read, with their kinds. Others are left out; a category that it has not is a missing
	// value. It makes the two options above needless.
	Like *Table
}

// LoadCSV reads a file as [ReadCSV] does.
func LoadCSV(path string, o CSVOptions) (*Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	defer f.Close()
	return ReadCSV(f, path, o)
}

// ReadCSV reads comma-separated values as RFC 4180 has them, with a header of different names. name is what errors call
// the file. Spaces around values do not count. Numbers are rounded to float32, so an integer above 2^24 may not stay what
// it was: name a column of such as Categorical. It fails with ErrFormat, also on numbers beyond the range of float32, and
// with the errors of r.
func ReadCSV(r io.Reader, name string, o CSVOptions) (*Table, error) {
	t := &Table{Name: name}
	buffered := bufio.NewReader(r)
	if mark, err := buffered.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" { // UTF-8 by Windows
		_, _ = buffered.Discard(len(mark))
	}
	in := csv.NewReader(buffered)
	if o.Comma != 0 {
		in.Comma = o.Comma
	}
	if o.Missing == nil {
		o.Missing = []string{"NA", "N/A", "NaN", "nan", "null", "NULL", "?"}
	}
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, t.fault("no header")
	}
	if err != nil {
		return nil, t.syntax(0, err)
	}
	texts := make([][]string, len(header))
	for row := 1; ; row++ {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, t.syntax(row, err)
		}
		for i, text := range record {
			texts[i] = append(texts[i], strings.TrimSpace(text))
		}
	}
	for i, h := range header {
		header[i] = strings.TrimSpace(h)
	}
	columns, err := o.columns(header, texts)
	if err != nil {
		return nil, fmt.Errorf("table: %s: %w", name, err)
	}
	return New(name, columns)
}

// syntax names the row of an error of package csv, 0 for the header, or of the reader.
func (t *Table) syntax(row int, err error) error {
	where := "header"
	if row > 0 {
		where = fmt.Sprintf("row %d", row)
	}
	if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
		return fmt.Errorf("table: %s: %s: %w: %w", t.Name, where, ErrFormat, err)
	}
	if err.Error() == "csv: invalid field or comment delimiter" {
		return fmt.Errorf("table: %s: %w: %w", t.Name, ErrFormat, err)
	}
	return fmt.Errorf("table: %s: %s: %w", t.Name, where, err)
}

// columns returns those that are wanted of the texts below each name.
func (o CSVOptions) columns(header []string, texts [][]string) ([]Column, error) {
	at := func(name string) (int, error) {
		i := slices.Index(header, name)
		if i < 0 {
			return 0, fmt.Errorf("no column %q: %w", name, ErrFormat)
		}
		if slices.Contains(header[i+1:], name) {
			return 0, fmt.Errorf("two columns are called %q: %w", name, ErrFormat)
		}
		return i, nil
	}
	var out []Column
	if o.Like != nil {
		for _, like := range o.Like.Columns {
			i, err := at(like.Name)
			if err != nil {
				return nil, err
			}
			c, err := o.like(like, texts[i])
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
		return out, nil
	}
	for _, name := range slices.Concat(o.Categorical, o.Numbers) {
		if _, err := at(name); err != nil {
			return nil, err
		}
	}
	for i, name := range header {
		c, err := o.column(name, texts[i])
		if err != nil {
			return nil, err
		}
		out, texts[i] = append(out, c), nil
	}
	return out, nil
}

// column finds out what texts are.
func (o CSVOptions) column(name string, texts []string) (Column, error) {
	if !slices.Contains(o.Categorical, name) {
		c, text, err := o.numbers(name, texts)
		if err != nil || text == "" {
			return c, err
		}
		if slices.Contains(o.Numbers, name) {
			return c, fmt.Errorf("row %d, column %q: %q is no number: %w", len(c.Values)+1, name, text, ErrFormat)
		}
	}
	return TextColumn(name, texts, func(row int) bool { return o.missing(texts[row]) })
}

// numbers returns texts as numbers, up to the first that is none, which it returns, too.
func (o CSVOptions) numbers(name string, texts []string) (c Column, other string, err error) {
	c = Column{Name: name, Values: make([]float32, 0, len(texts))}
	for _, text := range texts {
		v := float32(math.NaN())
		if !o.missing(text) {
			parsed, err := strconv.ParseFloat(text, 32)
			if errors.Is(err, strconv.ErrRange) {
				return c, "", fmt.Errorf("row %d, column %q: %s is beyond the range of float32: %w", len(c.Values)+1, name, text, ErrFormat)
			}
			if err != nil {
				return c, text, nil
			}
			v = float32(parsed)
		}
		c.Values = append(c.Values, v)
	}
	return c, "", nil
}

// like returns texts as a column of the kind that another has.
func (o CSVOptions) like(other Column, texts []string) (Column, error) {
	if other.Categories == nil {
		o.Categorical, o.Numbers = nil, []string{other.Name}
		return o.column(other.Name, texts)
	}
	numbers := make(map[string]int, len(other.Categories))
	for i, c := range other.Categories {
		numbers[c] = i
	}
	c := Column{Name: other.Name, Values: make([]float32, len(texts)), Categories: other.Categories}
	for i, text := range texts {
		c.Values[i] = float32(math.NaN())
		if number, known := numbers[text]; known && !o.missing(text) {
			c.Values[i] = float32(number)
		}
	}
	return c, nil
}

func (o CSVOptions) missing(text string) bool { return text == "" || slices.Contains(o.Missing, text) }
