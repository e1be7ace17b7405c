package classifier

import (
	_ "embed"
	"fmt"
	"strings"
)

// imageNetNames are those of ImageNet's classes in the order of published nets; see NOTICE.
//
//go:embed imagenet.txt
var imageNetNames string

// usualNames are names for the classes of a net that has none: with 1000 classes ImageNet's, which nearly all such nets
// know. Of others nobody can tell, and they are numbered.
func usualNames(classes int) (names []string, known bool) {
	if names = strings.Split(strings.TrimSpace(imageNetNames), "\n"); len(names) == classes {
		return names, true
	}
	names = make([]string, classes)
	for i := range names {
		names[i] = fmt.Sprintf("class %d", i)
	}
	return names, false
}
