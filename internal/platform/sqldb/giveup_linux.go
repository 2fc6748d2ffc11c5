package sqldb

import (
	"errors"
	"strings"
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of linux/tcp.h: milliseconds.
const tcpUserTimeout = 18

// giveUp lets the kernel end a connection whose bytes nobody has acknowledged for ten seconds: without it a cut network is found
// after a quarter of an hour.
func giveUp(network, _ string, c syscall.RawConn) (err error) {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	outer := c.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int((10 * time.Second).Milliseconds()))
	})
	return errors.Join(outer, err)
}
