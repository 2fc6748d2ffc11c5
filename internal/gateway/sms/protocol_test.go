package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"xueshi/internal/gateway/credential"
	"xueshi/internal/gateway/sms/smssim"
	"xueshi/internal/kernel/civil"
	"xueshi/internal/kernel/clock"
)

type bench struct {
	sim *smssim.Server
	acc smssim.Account
	clk *clock.Fake
	c   *client
	m   message
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{acc: smssim.NewAccount("测试 学习+网*~", Purposes...), clk: clock.NewFake(time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC))}
	o := b.acc.Serve(smssim.Options{Clock: b.clk, PerMinute: 1, PerHour: 5, PerDay: 10})
	var err error
	if b.sim, err = smssim.Listen(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.sim.Close() })
	b.c = &client{endpoint: b.sim.URL(), keyID: b.acc.KeyID, secret: b.acc.Secret, http: credential.HTTPClient(true), clk: b.clk}
	b.m = message{Phone: "13800000001", SignName: b.acc.SignName, Template: b.acc.Templates["login"], Code: "123456", OutID: "out-1"}
	return b
}

func codeOf(t *testing.T, err error) *failure {
	t.Helper()
	var f *failure
	if !errors.As(err, &f) {
		t.Fatalf("got %v, want a failure", err)
	}
	return f
}

// quiet: neither phone nor code stands in what is stored, logged or shown.
func (b *bench) quiet(t *testing.T, err error) {
	t.Helper()
	f := codeOf(t, err)
	for _, text := range []string{err.Error(), f.Message, f.told().Error()} {
		if strings.Contains(text, b.m.Phone) || b.m.Code != "" && strings.Contains(text, b.m.Code) {
			t.Fatalf("it tells too much: %s", text)
		}
	}
}

func TestSendAndAsk(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r, err := b.c.send(t.Context(), b.m)
	if err != nil || r.BizID == "" || r.RequestID == "" {
		t.Fatalf("%+v %v", r, err)
	}
	if got := b.sim.Code(b.m.Phone, "login"); got != "123456" {
		t.Fatalf("inbox has %q", got)
	}
	days := days(b.clk.Now(), b.clk.Now())
	if _, found, err := b.c.sent(t.Context(), b.m.Phone, "out-1", days); err != nil || !found {
		t.Fatalf("found %v %v", found, err)
	}
	if _, found, err := b.c.sent(t.Context(), b.m.Phone, "out-2", days); err != nil || found {
		t.Fatalf("found what was not sent: %v", err)
	}
	yesterday := []civil.Date{civil.DateOf(b.clk.Now().Add(-24*time.Hour), civil.Shanghai)}
	if _, found, err := b.c.sent(t.Context(), b.m.Phone, "out-1", yesterday); err != nil || found {
		t.Fatalf("found on the wrong day: %v", err)
	}
}

// TestServiceRefuses changes one thing at a time; each has its own code and nothing is sent.
func TestServiceRefuses(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(b *bench){
		"SignatureDoesNotMatch":           func(b *bench) { b.c.secret += "x" },
		"InvalidAccessKeyId.NotFound":     func(b *bench) { b.c.keyID = "LTAInobody" },
		"InvalidTimeStamp.Expired":        func(b *bench) { b.c.clk = clock.NewFake(b.clk.Now().Add(-16 * time.Minute)) },
		"isv.SMS_SIGNATURE_ILLEGAL":       func(b *bench) { b.m.SignName = "别人的签名" },
		"isv.SMS_TEMPLATE_ILLEGAL":        func(b *bench) { b.m.Template = "SMS_1" },
		"isv.MOBILE_NUMBER_ILLEGAL":       func(b *bench) { b.m.Phone = "12800000001" },
		"isv.MOBILE_COUNT_OVER_LIMIT":     func(b *bench) { b.m.Phone += ",13800000002" },
		"isv.TEMPLATE_MISSING_PARAMETERS": func(b *bench) { b.m.Code = "" },
		"MissingSignName":                 func(b *bench) { b.m.SignName = "" },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			change(b)
			_, err := b.c.send(t.Context(), b.m)
			if f := codeOf(t, err); f.Code != want || f.doubt {
				t.Fatalf("got %+v", f)
			}
			b.quiet(t, err)
			if n := len(b.sim.Inbox()); n != 0 {
				t.Fatalf("%d messages were sent", n)
			}
		})
	}
}

func TestServiceLimitsAPhone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	send := func() string {
		_, err := b.c.send(t.Context(), b.m)
		if err == nil {
			return "OK"
		}
		return codeOf(t, err).Code
	}
	const limit = "isv.BUSINESS_LIMIT_CONTROL"
	if a, b := send(), send(); a != "OK" || b != limit {
		t.Fatalf("a second one within the minute: %s, %s", a, b)
	}
	for range 4 {
		b.clk.Advance(time.Minute)
		if got := send(); got != "OK" {
			t.Fatal(got)
		}
	}
	b.clk.Advance(time.Minute)
	if got := send(); got != limit {
		t.Fatalf("a sixth within the hour: %s", got)
	}
}

// TestForgedRequests changes a signed request on its way, or repeats it: the door stays shut.
func TestForgedRequests(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	request := func(change func(r *http.Request)) string {
		t.Helper()
		q := canonicalQuery(map[string]string{"PhoneNumbers": "13800000001", "SignName": b.acc.SignName, "TemplateCode": b.acc.Templates["login"], "TemplateParam": `{"code":"1"}`})
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.sim.URL()+"/?"+q, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		sign(r, "SendSms", apiVersion, b.clk.Now().Format("2006-01-02T15:04:05Z"), "nonce-1", b.acc.KeyID, b.acc.Secret)
		change(r)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		var a answer
		if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
			t.Fatal(err)
		}
		return a.Code
	}
	for _, c := range []struct {
		want   string
		change func(r *http.Request)
	}{
		{"SignatureDoesNotMatch", func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "13800000001", "13900000001", 1)
		}},
		{"SignatureDoesNotMatch", func(r *http.Request) { r.URL.RawQuery += "&Extra=1" }},
		{"SignatureDoesNotMatch", func(r *http.Request) { r.Header.Set("X-Acs-Action", "QuerySendDetails") }},
		{"SignatureDoesNotMatch", func(r *http.Request) { r.Header.Set("X-Acs-Signature-Nonce", "nonce-2") }},
		{"SignatureDoesNotMatch", func(r *http.Request) { r.Host = "dysmsapi.aliyuncs.com" }},
		{"SignatureDoesNotMatch", func(r *http.Request) { r.Method = http.MethodGet }},
		{"SignatureDoesNotMatch", func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(bytes.NewReader([]byte("x"))), 1 }},
		{"IncompleteSignature", func(r *http.Request) { r.Header.Set("X-Acs-Security-Token", "unsigned") }},
		{"IncompleteSignature", func(r *http.Request) { r.Header.Del("Authorization") }},
		{"IncompleteSignature", func(r *http.Request) { r.Header.Set("Authorization", "ACS3-HMAC-SHA256 Credential=x") }},
		{"IncompleteSignature", func(r *http.Request) { r.Header.Del("X-Acs-Content-Sha256") }},
		{"InvalidTimeStamp.Format", func(r *http.Request) { r.Header.Set("X-Acs-Date", "yesterday") }},
		{"OK", func(*http.Request) {}},
		{"SignatureNonceUsed", func(*http.Request) {}},
	} {
		if got := request(c.change); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	if n := len(b.sim.Inbox()); n != 1 {
		t.Fatalf("%d messages were sent, want the honest one", n)
	}
}

// TestMisbehaviour: whatever the service does, the client ends in time and knows whether the message may have arrived.
func TestMisbehaviour(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind, want          string
		after, doubt, again bool
	}{
		{"error", "InternalError", false, true, true},
		{"throttle", "Throttling.User", false, false, true},
		{"balance", "isv.AMOUNT_NOT_ENOUGH", false, false, false},
		{"garbage", codeGarbage, false, true, true},
		{"empty", codeGarbage, true, true, true},
		{"cut", codeUnreachable, true, true, true},
		{"hang", codeTimeout, true, true, true},
	} {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.sim.Fail(smssim.Fault{Kind: c.kind, AfterAccepting: c.after})
			_, err := b.c.send(t.Context(), b.m)
			if f := codeOf(t, err); f.Code != c.want || f.doubt != c.doubt || f.again() != c.again {
				t.Fatalf("%+v again %v", f, f.again())
			}
			b.quiet(t, err)
			_, found, err := b.c.sent(t.Context(), b.m.Phone, "out-1", days(b.clk.Now(), b.clk.Now()))
			if err != nil || found != c.after {
				t.Fatalf("found %v, accepted %v: %v", found, c.after, err)
			}
		})
	}
}

// TestUnreachable: a closed port is known to have received nothing.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.c.endpoint = "http://127.0.0.1:1" // a port given back would soon be another test's
	_, err := b.c.send(t.Context(), b.m)
	if f := codeOf(t, err); f.Code != codeUnreachable || f.doubt || !f.again() {
		t.Fatalf("%+v", f)
	}
}

// TestNoWayIntoOurNetwork: names and redirects that lead inside are refused when the connection is made.
func TestNoWayIntoOurNetwork(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.c.http = credential.HTTPClient(false)
	_, err := b.c.send(context.Background(), b.m)
	if f := codeOf(t, err); f.Code != codeForbidden || f.doubt {
		t.Fatalf("%+v", f)
	}
	if b.sim.Calls("SendSms") != 0 {
		t.Fatal("the call arrived")
	}
}

func TestCircuit(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC))
	c := &circuit{clk: clk}
	for i := range openAfter {
		if !c.enter(3) {
			t.Fatalf("shut after %d failures", i)
		}
		c.leave(3, false)
	}
	if c.enter(3) || c.wait(3) != openFor {
		t.Fatalf("open after %d failures, wait %v", openAfter, c.wait(3))
	}
	if c.wait(4) != 0 || c.wait(3) == 0 {
		t.Fatal("asking for another version must not change anything")
	}
	clk.Advance(openFor)
	if !c.enter(3) || c.enter(3) {
		t.Fatal("half open lets exactly one through")
	}
	c.leave(3, false)
	if c.enter(3) {
		t.Fatal("the trial failed: open again")
	}
	if !c.enter(4) {
		t.Fatal("a new credential starts closed")
	}
	c.leave(3, false) // the old one's late failure
	c.leave(4, true)
	if c.wait(4) != 0 || !c.enter(4) {
		t.Fatal("healthy")
	}
}
