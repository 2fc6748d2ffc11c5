//go:build !linux

package httpx

import "context"

// Cork does nothing here: only Linux has it.
func Cork(context.Context) (uncork func(), ok bool) { return func() {}, false }
