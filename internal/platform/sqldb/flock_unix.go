package sqldb

import (
	"os"
	"syscall"
)

// flock waits for the exclusive lock; the kernel frees it when the process dies.
func flock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }

// tryFlock fails when another process has it.
func tryFlock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
