package session

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"xueshi/internal/identity"
)

type nobody struct{}

// Authenticate implements Authenticator.
func (nobody) Authenticate(context.Context, string) (identity.Actor, error) {
	return identity.Actor{}, errors.New("asked without a cookie")
}

func (n nobody) AuthenticateBeat(ctx context.Context, token string) (identity.Actor, error) {
	return n.Authenticate(ctx, token)
}

// TestAddress: X-Real-IP counts only behind a proxy; otherwise a client could choose the address its limits count by.
func TestAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		proxied            bool
		remote, real, want string
	}{
		{false, "203.0.113.7:1234", "198.51.100.9", "203.0.113.7"},
		{true, "127.0.0.1:1234", "198.51.100.9", "198.51.100.9"},
		{true, "127.0.0.1:1234", "", "127.0.0.1"},
		{true, "127.0.0.1:1234", "198.51.100.9, 10.0.0.1", "unknown"},
		{true, "127.0.0.1:1234", "::ffff:198.51.100.9", "198.51.100.9"},
		{false, "[2408:4000:1:2:3:4:5:6]:443", "", "2408:4000:1:2::/64"},
	} {
		got := ""
		h := Cookies{Proxied: c.proxied}.Middleware(nobody{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = Address(r.Context()) }))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		if c.real != "" {
			r.Header.Set("X-Real-IP", c.real)
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
	}
}
