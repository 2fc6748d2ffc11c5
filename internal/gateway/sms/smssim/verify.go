package smssim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// refused is an answer of the service's front door.
type refused struct {
	status        int
	code, message string
}

const clockWindow = 15 * time.Minute

// verify checks who calls: Authorization, signed headers, body hash, date, access key, signature, nonce, in this order.
func (s *Server) verify(r *http.Request, body []byte) *refused {
	given, ok := parseAuthorization(r.Header.Get("Authorization"))
	if !ok {
		return &refused{400, "IncompleteSignature", "The request signature does not conform to Aliyun standards."}
	}
	signed := strings.Split(given["SignedHeaders"], ";")
	if !slices.IsSorted(signed) || !slices.Contains(signed, "host") || !coversAll(r, signed) {
		return &refused{400, "IncompleteSignature", "A header that must be signed is not."}
	}
	date, err := time.Parse("2006-01-02T15:04:05Z", r.Header.Get("X-Acs-Date"))
	if err != nil {
		return &refused{400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted."}
	}
	if d := s.clk.Now().Sub(date); d > clockWindow || d < -clockWindow {
		return &refused{400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired."}
	}
	secret, known := s.keys[given["Credential"]]
	if !known {
		return &refused{404, "InvalidAccessKeyId.NotFound", "Specified access key is not found."}
	}
	sum := sha256.Sum256(body)
	canonical, text := stringToSign(r, signed, hex.EncodeToString(sum[:]))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	signature, err := hex.DecodeString(given["Signature"])
	if err != nil || !hmac.Equal(mac.Sum(nil), signature) || r.Header.Get("X-Acs-Content-Sha256") != hex.EncodeToString(sum[:]) {
		return &refused{400, "SignatureDoesNotMatch", fmt.Sprintf("Specified signature is not matched with our calculation. server string to sign is:%s canonical request:%q", text, canonical)}
	}
	return s.spend(given["Credential"] + "/" + r.Header.Get("X-Acs-Signature-Nonce"))
}

// spend uses up a nonce for as long as its date would be accepted.
func (s *Server) spend(nonce string) *refused {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clk.Now()
	for n, at := range s.nonces {
		if now.Sub(at) > 2*clockWindow {
			delete(s.nonces, n)
		}
	}
	if _, used := s.nonces[nonce]; used || strings.HasSuffix(nonce, "/") {
		return &refused{400, "SignatureNonceUsed", "Specified signature nonce was used already."}
	}
	s.nonces[nonce] = now
	return nil
}

func parseAuthorization(text string) (map[string]string, bool) {
	rest, ok := strings.CutPrefix(text, "ACS3-HMAC-SHA256 ")
	if !ok {
		return nil, false
	}
	out := map[string]string{}
	for _, part := range strings.Split(rest, ",") {
		k, v, found := strings.Cut(strings.TrimSpace(part), "=")
		if !found || v == "" {
			return nil, false
		}
		out[k] = v
	}
	return out, len(out) == 3 && out["Credential"] != "" && out["SignedHeaders"] != "" && out["Signature"] != ""
}

// coversAll holds when every x-acs header, and the content type if there is one, is among the signed.
func coversAll(r *http.Request, signed []string) bool {
	for name := range r.Header {
		if n := strings.ToLower(name); (strings.HasPrefix(n, "x-acs-") || n == "content-type") && !slices.Contains(signed, n) {
			return false
		}
	}
	for _, must := range []string{"x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"} {
		if r.Header.Get(must) == "" {
			return false
		}
	}
	return true
}

// stringToSign builds both texts from the request as it arrived.
func stringToSign(r *http.Request, signed []string, bodyHash string) (canonical, text string) {
	query := []string{}
	for name, values := range r.URL.Query() {
		for _, v := range values {
			query = append(query, escape(name)+"="+escape(v))
		}
	}
	slices.Sort(query)
	lines := []string{r.Method, r.URL.EscapedPath(), strings.Join(query, "&")}
	for _, name := range signed {
		value := strings.Join(r.Header.Values(name), ",")
		if name == "host" {
			value = r.Host
		}
		lines = append(lines, name+":"+strings.TrimSpace(value))
	}
	lines = append(lines, "", strings.Join(signed, ";"), bodyHash)
	canonical = strings.Join(lines, "\n")
	sum := sha256.Sum256([]byte(canonical))
	return canonical, "ACS3-HMAC-SHA256\n" + hex.EncodeToString(sum[:])
}

// escape is RFC 3986 on top of the standard library's form encoding, which differs in three places.
func escape(s string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(s))
}
