package table

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	align "github.com/residuum-go/residuum/internal/table"
	"github.com/residuum-go/residuum/tensor"
)

// ErrFormat is wrapped by errors about what a file holds, or lacks.
var ErrFormat = errors.New("bad table")

// Column is one of a table. It has an element for each row.
type Column struct {
	Name       string
	Values     []float32 // NaN is missing; those of categories are their numbers
	Categories []string  // by number; nil for a column of numbers
}

// Table is columns of the same length with different names.
type Table struct {
	Name    string // what errors call it: its file
	Columns []Column
	rows    int
}

// maxCategories is how many a column may have: a float32 tells as many apart.
const maxCategories = 1 << 24

// New returns a table of columns. It fails with ErrFormat if their lengths differ or two have the same name.
func New(name string, columns []Column) (*Table, error) {
	t := &Table{Name: name, Columns: columns}
	seen := map[string]bool{}
	for i, c := range columns {
		if i == 0 {
			t.rows = len(c.Values)
		}
		if len(c.Values) != t.rows {
			return nil, t.fault("column %q has %d rows, the first %d", c.Name, len(c.Values), t.rows)
		}
		if seen[c.Name] {
			return nil, t.fault("two columns are called %q", c.Name)
		}
		seen[c.Name] = true
	}
	return t, nil
}

func (t *Table) fault(format string, args ...any) error {
	return fmt.Errorf("table: %s: %s: %w", t.Name, fmt.Sprintf(format, args...), ErrFormat)
}

// TextColumn returns a column of categories. Where missing says so, there is none. It fails with ErrFormat on more than
// 2^24 of them.
func TextColumn(name string, texts []string, missing func(row int) bool) (Column, error) {
	c := Column{Name: name, Values: make([]float32, len(texts)), Categories: []string{}}
	numbers := map[string]float32{}
	for i, text := range texts {
		if missing(i) {
			c.Values[i] = float32(math.NaN())
			continue
		}
		number, known := numbers[text]
		if !known {
			if len(c.Categories) == maxCategories {
				return c, fmt.Errorf("row %d, column %q: more than %d categories: %w", i+1, name, maxCategories, ErrFormat)
			}
			number = float32(len(c.Categories))
			text = strings.Clone(text) // which may be a part of much more
			numbers[text] = number
			c.Categories = append(c.Categories, text)
		}
		c.Values[i] = number
	}
	return c, nil
}

// Rows returns the number of rows.
func (t *Table) Rows() int { return t.rows }

// find returns where a column is.
func (t *Table) find(name string) (int, error) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		return 0, t.fault("no column %q", name)
	}
	return i, nil
}

// Without returns the table without some columns. It fails with ErrFormat if one is not there.
func (t *Table) Without(names ...string) (*Table, error) {
	out := *t
	out.Columns = slices.Clone(t.Columns)
	for _, name := range names {
		i, err := out.find(name)
		if err != nil {
			return nil, err
		}
		out.Columns = slices.Delete(out.Columns, i, i+1)
	}
	return &out, nil
}

// Where returns a table of the rows, counted from 0, that keep says, such as those whose target is known.
func (t *Table) Where(keep func(row int) bool) *Table {
	out := &Table{Name: t.Name, Columns: slices.Clone(t.Columns)}
	var kept []int
	for i := range t.rows {
		if keep(i) {
			kept = append(kept, i)
		}
	}
	out.rows = len(kept)
	for c := range out.Columns {
		values := make([]float32, len(kept))
		for j, i := range kept {
			values[j] = t.Columns[c].Values[i]
		}
		out.Columns[c].Values = values
	}
	return out
}

// X returns all columns as inputs, [N, d].
func (t *Table) X() *tensor.Tensor {
	x := tensor.New(t.rows, len(t.Columns))
	for j, c := range t.Columns {
		for i, v := range c.Values {
			x.Data()[i*len(t.Columns)+j] = v
		}
	}
	return x
}

// Categorical returns which columns are of categories.
func (t *Table) Categorical() []int {
	var out []int
	for i, c := range t.Columns {
		if c.Categories != nil {
			out = append(out, i)
		}
	}
	return out
}

// Roles are the names of the columns that are no inputs.
type Roles struct {
	Target string
	Weight string // of each row; "" means none
	Group  string // that rows are of, such as the query that found them, as numbers or categories; "" means none
}

// Examples is what learners take of a table.
type Examples struct {
	X           *tensor.Tensor // [N, d], the columns that have no role
	Y           *tensor.Tensor // the target, [N, 1], or for categories rows of an identity matrix, [N, classes]
	Weight      *tensor.Tensor // [N], or nil
	Group       []int          // of each row, numbered in the order in which they first appear, or nil
	Names       []string       // of the columns of X
	Categorical []int          // those columns of X that are of categories
	Classes     []string       // those of the target, if it is one of categories
}

// Examples returns the table as examples. It fails with ErrFormat when there are no rows, a column with a role is not
// there or has two, its values are missing or infinite, or weights are negative or no numbers.
func (t *Table) Examples(r Roles) (Examples, error) {
	var out Examples
	if t.rows == 0 {
		return out, t.fault("no rows")
	}
	at, err := t.find(r.Target)
	if err != nil {
		return out, err
	}
	y := t.Columns[at]
	if err := t.finite(y); err != nil {
		return out, err
	}
	names := []string{r.Target}
	if r.Weight != "" {
		if out.Weight, err = t.weights(r.Weight); err != nil {
			return out, err
		}
		names = append(names, r.Weight)
	}
	if r.Group != "" {
		if out.Group, err = t.groups(r.Group); err != nil {
			return out, err
		}
		names = append(names, r.Group)
	}
	inputs, err := t.Without(names...)
	if err != nil {
		return out, err
	}
	out.X, out.Categorical, out.Classes = inputs.X(), inputs.Categorical(), y.Categories
	for _, c := range inputs.Columns {
		out.Names = append(out.Names, c.Name)
	}
	if y.Categories == nil {
		out.Y = tensor.From(slices.Clone(y.Values), t.rows, 1)
		return out, nil
	}
	out.Y = tensor.New(t.rows, len(y.Categories))
	for i, v := range y.Values {
		out.Y.Data()[i*len(y.Categories)+int(v)] = 1
	}
	return out, nil
}

func (t *Table) weights(name string) (*tensor.Tensor, error) {
	i, err := t.find(name)
	if err != nil {
		return nil, err
	}
	c := t.Columns[i]
	if c.Categories != nil {
		return nil, t.fault("column %q: weights that are no numbers", name)
	}
	if err := t.finite(c); err != nil {
		return nil, err
	}
	for row, v := range c.Values {
		if v < 0 {
			return nil, t.fault("row %d, column %q: weight %v", row+1, name, v)
		}
	}
	return tensor.From(slices.Clone(c.Values), t.rows), nil
}

// groups returns the values of a column by number.
func (t *Table) groups(name string) ([]int, error) {
	i, err := t.find(name)
	if err != nil {
		return nil, err
	}
	if err := t.finite(t.Columns[i]); err != nil {
		return nil, err
	}
	numbers, out := map[float32]int{}, make([]int, t.rows)
	for row, v := range t.Columns[i].Values {
		number, known := numbers[v]
		if !known {
			number = len(numbers)
			numbers[v] = number
		}
		out[row] = number
	}
	return out, nil
}

// finite fails on the first value that is missing or infinite.
func (t *Table) finite(c Column) error {
	for row, v := range c.Values {
		switch {
		case v != v:
			return t.fault("row %d, column %q: the value is missing", row+1, c.Name)
		case math.IsInf(float64(v), 0):
			return t.fault("row %d, column %q: %v", row+1, c.Name, v)
		}
	}
	return nil
}

// String lists the columns with their kinds, ranges and the number of missing values.
func (t *Table) String() string {
	lines := [][]string{{"column", "kind", "missing", "least", "greatest"}}
	for _, c := range t.Columns {
		missing, least, greatest := 0, float32(math.Inf(1)), float32(math.Inf(-1))
		for _, v := range c.Values {
			if v != v {
				missing++
				continue
			}
			least, greatest = min(least, v), max(greatest, v)
		}
		line := []string{strconv.Quote(c.Name), "numbers", strconv.Itoa(missing), "", ""}
		if missing < t.rows {
			line[3], line[4] = fmt.Sprint(least), fmt.Sprint(greatest)
		}
		if c.Categories != nil {
			line[1], line[3], line[4] = fmt.Sprintf("%d categories", len(c.Categories)), "", ""
		}
		lines = append(lines, line)
	}
	return fmt.Sprintf("%s: %d rows\n%s", t.Name, t.rows, align.Align(2, lines...))
}
