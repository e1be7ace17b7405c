package cancelled

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestErr(t *testing.T) {
	cause := errors.New("disk full")
	ctx, cancel := context.WithCancelCause(t.Context())
	require.NoError(t, Err(ctx))
	cancel(cause)
	require.ErrorIs(t, Err(ctx), context.Canceled)
	require.ErrorIs(t, Err(ctx), cause)
	require.EqualError(t, Err(ctx), "context canceled: disk full")

	ctx, cancel = context.WithCancelCause(t.Context())
	cancel(fmt.Errorf("stopped by the user: %w", context.Canceled))
	require.EqualError(t, Err(ctx), "stopped by the user: context canceled", "a cause that says it all stands alone")

	ctx, stop := context.WithDeadline(t.Context(), time.Time{})
	defer stop()
	require.Equal(t, context.DeadlineExceeded, Err(ctx))
}
