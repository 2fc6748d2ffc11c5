package app

import (
	"fmt"
	"os"
	"runtime/debug"
)

// TradeMemory lets the heap grow to five times what lives in it, within half of the machine's memory, before garbage is
// collected; the environment's GOGC and GOMEMLIMIT come first. A heartbeat leaves kilobytes of garbage and nothing that
// lives: collecting at twice the heap, as Go does by itself, takes processors from the answers several times a second,
// which is most of their 99th percentile (G-P5).
func TradeMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if total := machineMemory(); total > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(total / 2)
	}
}

// machineMemory is the memory of the machine in bytes; 0 where the kernel does not say it as Linux does.
func machineMemory() int64 {
	raw, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	var kb int64
	if _, err := fmt.Sscanf(string(raw), "MemTotal: %d kB", &kb); err != nil {
		return 0
	}
	return kb << 10
}
