package image

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Class is a folder of pictures, and what they show.
type Class struct{ Folder, Name string }

// maxClasses is how many lines a list of classes may have: ImageNet has 21841.
const maxClasses = 1 << 17

// ReadClasses reads the classes of a [Folder], in the order of their labels, from lines such as those of ImageNet's
// LOC_synset_mapping.txt, folder and name:
//
//	n01440764 tench, Tinca tinca
//	n01443537 goldfish, Carassius auratus
//
// They are divided by the first tab, or without one by the first space. A folder alone is its own name. Empty lines do
// not count. Errors are a folder that comes twice or is no name of one, text that is not UTF-8, a line of more than 64 KiB,
// and no classes or more than 2^17.
func ReadClasses(r io.Reader) ([]Class, error) {
	var classes []Class
	seen := map[string]bool{}
	lines := bufio.NewScanner(r)
	number := 0
	for lines.Scan() {
		number++
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		folder, name, ok := strings.Cut(line, "\t")
		if !ok {
			folder, name, ok = strings.Cut(line, " ")
		}
		if !ok {
			name = folder
		}
		switch {
		case !utf8.ValidString(line):
			return nil, fmt.Errorf("image: ReadClasses: line %d is not UTF-8", number)
		case strings.ContainsAny(folder, `/\`) || folder == "." || folder == "..":
			return nil, fmt.Errorf("image: ReadClasses: line %d: %.40q is no name of a folder", number, folder)
		case seen[folder]:
			return nil, fmt.Errorf("image: ReadClasses: line %d: folder %.40q comes twice", number, folder)
		case len(classes) == maxClasses:
			return nil, fmt.Errorf("image: ReadClasses: more than %d classes", maxClasses)
		}
		seen[folder] = true
		classes = append(classes, Class{folder, strings.TrimSpace(name)})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("image: ReadClasses: line %d: %w", number+1, err)
	}
	if len(classes) == 0 {
		return nil, errors.New("image: ReadClasses: no classes")
	}
	return classes, nil
}
