package program

import (
	"fmt"
	"os"
	"strings"
)

// Names reads a file of names, one a line. Spaces around a name and empty lines at the end do not count; an empty line
// before that is an error, since names go by their place.
func Names(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	names := strings.Split(strings.TrimRight(string(text), " \t\r\n"), "\n")
	for i, name := range names {
		if names[i] = strings.TrimSpace(name); names[i] == "" {
			return nil, fmt.Errorf("%s: line %d is empty: want a name", path, i+1)
		}
	}
	return names, nil
}
