// Package cancelled holds what a package says when its context is done.
package cancelled

import (
	"context"
	"errors"
	"fmt"
)

// Err returns nil while ctx goes on, and then an error that errors.Is finds to be both ctx's own, as
// context.Canceled, and the cause that ctx was cancelled with.
func Err(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if err == nil || errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}
