// Package simulate lets a population of learners study against any deployment, over HTTP as their players do, and says how it went: response
// times by class, errors, and whether every watched second was credited (R1.2a, R1.4b, R1.4c).
package simulate

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"xueshi/internal/client"
)

// Person is a learner who is logged in: the session's token and the device's key (PKCS #8).
type Person struct {
	Phone string `json:"phone"`
	Token string `json:"token"`
	Key   []byte `json:"key"`
}

// Plan is a run.
type Plan struct {
	Base   string // address of the deployment, without a slash at the end
	People []Person
	Shape  string                                   // Steady, Evening or Deadline
	For    time.Duration                            // how long it takes
	Media  bool                                     // segments are fetched; without them nothing is credited, so only a rehearsal of pages leaves them out
	Told   func(online int64, requests, failed int) // every ten seconds; nil = nobody listens
}

// Run does a plan and reports; the end of ctx sends everybody home early.
func Run(ctx context.Context, p Plan) (*Report, error) {
	all, err := stays(p.Shape, len(p.People), p.For)
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(p.Base)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("%q is no address: http://HOST:PORT or https://HOST", p.Base)
	}
	t := newTally(p)
	t.report.Most = most(all)
	carrier := &http.Transport{MaxIdleConns: 0, MaxIdleConnsPerHost: len(p.People), IdleConnTimeout: 90 * time.Second,
		DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, ResponseHeaderTimeout: 30 * time.Second, ForceAttemptHTTP2: false}
	var online atomic.Int64
	var group sync.WaitGroup
	for i, who := range p.People {
		d, err := device(base, carrier, who)
		if err != nil {
			return nil, err
		}
		l := &learner{Device: d, tally: t, media: p.Media, no: i}
		group.Go(func() {
			if !sleep(ctx, all[i].from) {
				return
			}
			online.Add(1)
			defer online.Add(-1)
			home, cancel := context.WithTimeout(ctx, all[i].to-all[i].from)
			defer cancel()
			l.visit(home)
		})
	}
	watch, stop := context.WithCancel(ctx)
	go tell(watch, p, &online, t)
	group.Wait()
	stop()
	carrier.CloseIdleConnections()
	return t.end(), nil
}

// tell reports progress while the run goes on.
func tell(ctx context.Context, p Plan, online *atomic.Int64, t *tally) {
	for p.Told != nil && sleep(ctx, 10*time.Second) {
		requests, failed := t.progress()
		p.Told(online.Load(), requests, failed)
	}
}

func device(base *url.URL, carrier http.RoundTripper, who Person) (*client.Device, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(who.Key)
	if err != nil {
		return nil, fmt.Errorf("the key of %s: %w", who.Phone, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("the key of " + who.Phone + " is not for ECDSA")
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	jar.SetCookies(base, []*http.Cookie{{Name: "sid", Value: who.Token, Path: "/"}, {Name: "__Host-sid", Value: who.Token, Path: "/", Secure: true}})
	return &client.Device{Base: strings.TrimSuffix(base.String(), "/"), HTTP: &http.Client{Transport: carrier, Jar: jar, Timeout: time.Minute}, Key: key, Name: who.Phone}, nil
}

// sleep waits; false = ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
