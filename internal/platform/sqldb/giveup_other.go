//go:build !linux

package sqldb

import "syscall"

// giveUp: see the file for Linux; elsewhere keep-alive alone finds a cut network.
func giveUp(_, _ string, _ syscall.RawConn) error { return nil }
