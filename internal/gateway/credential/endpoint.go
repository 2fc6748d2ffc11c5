package credential

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// ErrPrivateAddress is a name that leads into our own network.
var ErrPrivateAddress = errors.New("the endpoint leads to an address that is not public")

// blocked are ranges that netip's own questions do not cover: carrier NAT, protocol assignments, benchmarks, reserved,
// and the prefixes that carry an IPv4 address inside an IPv6 one.
var blocked = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4",
	"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16")

func prefixes(texts ...string) (out []netip.Prefix) {
	for _, t := range texts {
		out = append(out, netip.MustParsePrefix(t))
	}
	return out
}

// PublicAddress reports whether ip is a host of the public internet.
func PublicAddress(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range blocked {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// ValidEndpoint checks an address of a service that the server will call: https, a public host, nothing else in it.
// With loopback (the demo city) http to this machine is allowed too. What the name resolves to is checked at each call.
func ValidEndpoint(text string, loopback bool) bool {
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Path != "" || u.Opaque != "" || u.Host == "" {
		return false
	}
	host := u.Hostname()
	if ip, err := netip.ParseAddr(host); err == nil {
		if loopback && ip.IsLoopback() {
			return u.Scheme == "http" || u.Scheme == "https"
		}
		return u.Scheme == "https" && ip.Zone() == "" && PublicAddress(ip)
	}
	return u.Scheme == "https" && publicName(host)
}

// publicName accepts a registered domain name: letters, at least one dot, none of the names kept for local use.
func publicName(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	labels := strings.Split(host, ".")
	if len(labels) < 2 || len(host) > 253 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	switch top := labels[len(labels)-1]; top {
	case "localhost", "local", "internal", "intranet", "lan", "home", "corp", "test", "invalid", "example", "arpa":
		return false
	default:
		return strings.Trim(top, "0123456789") != "" // "127.1" and its kin are not names
	}
}

// HTTPClient calls outside services: no redirects, no proxy, and a connection only to a public address, looked at after
// the name is resolved, so that no answer of a name server leads into our own network. loopback also allows this machine.
func HTTPClient(loopback bool) *http.Client {
	dialer := &net.Dialer{Timeout: 2 * time.Second, KeepAlive: 30 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if ip := ap.Addr().Unmap(); PublicAddress(ip) || loopback && ip.IsLoopback() {
			return nil
		}
		return ErrPrivateAddress
	}}
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, address)
			},
			MaxIdleConns:    8,
			IdleConnTimeout: 60 * time.Second, TLSHandshakeTimeout: 2 * time.Second, ForceAttemptHTTP2: true,
		},
	}
}
