package residuum

import (
	"fmt"
	"strings"
)

// ConfigError is what every constructor of the module returns for a configuration that cannot be: which field of
// which struct, what it holds, and what it should hold.
//
//	var bad *residuum.ConfigError
//	if errors.As(err, &bad) && bad.Field == "Depth" { ... }
type ConfigError struct {
	Struct string // with its package, such as "resnet.Config"
	Field  string
	Value  any
	Reason string // what would do, such as "want at least 1"
}

// Error returns a line such as "resnet: Config.Depth is 5: want 6n+2".
func (e *ConfigError) Error() string {
	pkg, name, _ := strings.Cut(e.Struct, ".")
	return fmt.Sprintf("%s: %s.%s is %v: %s", pkg, name, e.Field, e.Value, e.Reason)
}
