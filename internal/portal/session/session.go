// Package session carries a login between browser and server: the cookie, and the actor in the context of each request.
package session

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/httpx"
)

// Cookies makes and reads the session cookie.
type Cookies struct {
	TLS bool // behind HTTPS: Secure, and a __Host- name that no neighbouring site can set
	// Proxied trusts X-Real-IP, which the reverse proxy sets; without a proxy a client could choose its address.
	Proxied bool
}

func (c Cookies) name() string {
	if c.TLS {
		return "__Host-sid"
	}
	return "sid"
}

// Set is the cookie of a fresh login.
func (c Cookies) Set(token string) http.Cookie {
	return http.Cookie{Name: c.name(), Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.TLS, MaxAge: int((30 * 24 * time.Hour).Seconds())}
}

// Clear is the cookie that ends one.
func (c Cookies) Clear() http.Cookie {
	k := c.Set("")
	k.MaxAge = -1
	return k
}

// Authenticator is identity's half.
type Authenticator interface {
	Authenticate(ctx context.Context, token string) (identity.Actor, error)
	// AuthenticateBeat may answer from memory for minutes: a heartbeat stands on its lease, which ends with the login.
	AuthenticateBeat(ctx context.Context, token string) (identity.Actor, error)
}

type addressKey struct{}

// Address is where the request came from, as rate limits count it: an IPv4 address or an IPv6 /64.
func Address(ctx context.Context) string {
	s, _ := ctx.Value(addressKey{}).(string)
	return limited(s)
}

// BeatPath is the one path whose requests are too many for a read each.
const BeatPath = "/api/learner/playback/beat"

// Middleware puts the address and, if the cookie names a live login, the actor into the context. An ended login is nobody:
// public pages still work, the others refuse by identity.Require. A failing database is an error, never a silent log-out.
func (c Cookies) Middleware(a Authenticator, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), addressKey{}, c.address(r))
		if k, err := r.Cookie(c.name()); err == nil && k.Value != "" && len(k.Value) <= 100 {
			find := a.Authenticate
			if r.URL.Path == BeatPath {
				find = a.AuthenticateBeat
			}
			actor, err := find(ctx, k.Value)
			switch {
			case err == nil:
				ctx = identity.WithActor(ctx, actor)
			case errs.KindOf(err) != errs.Unauthenticated:
				httpx.WriteProblem(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func (c Cookies) address(r *http.Request) string {
	if real := r.Header.Get("X-Real-IP"); c.Proxied && real != "" {
		return real
	}
	return r.RemoteAddr
}

// limited cuts a remote address to what one subscriber holds.
func limited(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return "unknown"
	}
	if ip = ip.Unmap(); ip.Is6() {
		p, _ := ip.WithZone("").Prefix(64)
		return p.String()
	}
	return ip.String()
}
