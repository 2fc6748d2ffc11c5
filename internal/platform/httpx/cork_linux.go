package httpx

import (
	"context"
	"net"
	"syscall"
)

// Cork holds an answer's header back until uncork, so that it leaves in one packet with the first bytes of a file that
// is sent by the kernel. Without a plain TCP connection below (TLS in this process, tests) it does nothing, and ok is false.
func Cork(ctx context.Context) (uncork func(), ok bool) {
	c, ok := ctx.Value(connKey{}).(*net.TCPConn)
	if !ok {
		return func() {}, false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return func() {}, false
	}
	set := func(on int) {
		_ = raw.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_CORK, on) })
	}
	set(1)
	return func() { set(0) }, true
}
