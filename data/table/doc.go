// Package table reads tables whose columns are numbers or categories, and makes of them what learners take.
//
// A [Table] is columns of float32 with names. [LoadCSV] reads one from a file of comma-separated values with a header. A
// column is of numbers if all its texts are, else of categories, numbered in the order in which they first appear; the
// String of a table shows what was found. Missing values, empty texts, NA and the like, are NaN.
//
//	train, err := table.LoadCSV("diamonds.csv", table.CSVOptions{})
//	test, err := table.LoadCSV("more.csv", table.CSVOptions{Like: train}) // the same columns, the same numbers of categories
//	fit, err := train.Examples(table.Roles{Target: "price"})
//	...
//	d := boost.Data{X: fit.X, Y: fit.Y, Weight: fit.Weight, Group: fit.Group}
//	learner := boost.Tree{Categorical: fit.Categorical}
//
// What is wrong with a file is an error that names the file, the row, counted from 1 behind the header, and the column.
// Memory is in proportion to the bytes of the file.
package table
