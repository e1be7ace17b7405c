package table_test

import (
	"fmt"
	"strings"

	"github.com/residuum-go/residuum/data/table"
)

func Example() {
	text := "carat,cut,price\n0.23,Ideal,326\n0.21,Premium,\n0.31,Ideal,335\n"
	diamonds, err := table.ReadCSV(strings.NewReader(text), "diamonds.csv", table.CSVOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(diamonds)
	_, err = diamonds.Examples(table.Roles{Target: "price"})
	fmt.Println(err)
	price := diamonds.Columns[2].Values
	known := diamonds.Where(func(row int) bool { return price[row] == price[row] })
	fit, err := known.Examples(table.Roles{Target: "price"})
	fmt.Println(fit.Names, fit.Categorical, fit.X.Shape(), fit.Y.Shape(), err)
	// Output:
	// diamonds.csv: 3 rows
	// column   kind          missing  least  greatest
	// "carat"  numbers             0   0.21      0.31
	// "cut"    2 categories        0
	// "price"  numbers             1    326       335
	// table: diamonds.csv: row 2, column "price": the value is missing: bad table
	// [carat cut] [1] [2 2] [2 1] <nil>
}
