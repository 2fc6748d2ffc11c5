package app

import "testing"

func TestTheAddressOfACache(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cdn  string
		tls  bool
		want string
		ok   bool
	}{
		{"", true, "", true},
		{"self", true, "", true},
		{"https://cdn.example.cn", true, "https://cdn.example.cn", true},
		{"https://cdn.example.cn:8443/", true, "https://cdn.example.cn:8443", true},
		{"http://127.0.0.1:81", false, "http://127.0.0.1:81", true},
		{"http://cdn.example.cn", true, "", false}, // browsers refuse plain segments on a page with TLS
		{"cdn.example.cn", true, "", false},
		{"ftp://cdn.example.cn", false, "", false},
		{"https://", true, "", false},
		{"https://cdn.example.cn/videos", true, "", false},
		{"https://cdn.example.cn?x=1", true, "", false},
		{"https://user:word@cdn.example.cn", true, "", false},
		{"https://cdn.example.cn; script-src *", true, "", false}, // it stands in the content security policy
		{"https://cdn.example.cn,evil.example.cn", true, "", false},
	} {
		got, err := Config{CDN: c.cdn, TLS: c.tls}.cache()
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%q with TLS %v: %q, %v", c.cdn, c.tls, got, err)
		}
	}
}
