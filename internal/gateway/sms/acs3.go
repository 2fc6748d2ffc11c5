package sms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strings"
)

const algorithm = "ACS3-HMAC-SHA256"

// authorize signs a request by signature version 3: every header in headers is signed; query is already canonical.
// Names in headers are in lower case.
func authorize(method, path, query, bodyHash, keyID, secret string, headers map[string]string) string {
	names := slices.Sorted(maps.Keys(headers))
	var canonical strings.Builder
	canonical.WriteString(method + "\n" + path + "\n" + query + "\n")
	for _, n := range names {
		canonical.WriteString(n + ":" + strings.TrimSpace(headers[n]) + "\n")
	}
	signed := strings.Join(names, ";")
	canonical.WriteString("\n" + signed + "\n" + bodyHash)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(algorithm + "\n" + hash(canonical.String())))
	return algorithm + " Credential=" + keyID + ",SignedHeaders=" + signed + ",Signature=" + hex.EncodeToString(mac.Sum(nil))
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// canonicalQuery is the parameters by name, encoded by RFC 3986 (a space is %20, never a plus).
func canonicalQuery(params map[string]string) string {
	parts := make([]string, 0, len(params))
	for _, k := range slices.Sorted(maps.Keys(params)) {
		parts = append(parts, percent(k)+"="+percent(params[k]))
	}
	return strings.Join(parts, "&")
}

// percent encodes every byte but the unreserved ones of RFC 3986.
func percent(s string) string {
	const upper = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', upper[c>>4], upper[c&15]})
	}
	return b.String()
}

// sign fills in the headers of one call. nonce must be new each time: the service refuses one it has seen.
func sign(r *http.Request, action, version, date, nonce, keyID, secret string) {
	headers := map[string]string{
		"host": r.URL.Host, "x-acs-action": action, "x-acs-version": version, "x-acs-date": date,
		"x-acs-signature-nonce": nonce, "x-acs-content-sha256": hash(""),
	}
	for k, v := range headers {
		if k != "host" {
			r.Header.Set(k, v)
		}
	}
	r.Header.Set("Authorization", authorize(r.Method, "/", r.URL.RawQuery, hash(""), keyID, secret, headers))
}
