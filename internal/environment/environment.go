// Package environment reads the variables that set up a process.
package environment

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Choice returns the value of a variable, which must be one of the choices, or "" if it is not set.
//
// With any other value the process ends here, with a line that says what the variable may hold, and status 2. It is
// called while packages are initialised, where there is nobody to take an error; and a process that went on would compute
// in another way than it was told to.
func Choice(variable string, choices ...string) string {
	value := os.Getenv(variable)
	if value != "" && !slices.Contains(choices, value) {
		fmt.Fprintf(os.Stderr, "residuum: %s is %q: want one of %s\n", variable, value, strings.Join(choices, ", "))
		os.Exit(2)
	}
	return value
}
