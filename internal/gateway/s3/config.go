// Package s3 keeps files in an object store that speaks S3: AWS, MinIO, Ceph, the clouds' own.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"golang.org/x/sync/semaphore"

	"xueshi/internal/platform/blob"
)

// Bounds of one store. All requests are cut by their context too.
const (
	connectIn = 5 * time.Second
	answerIn  = 20 * time.Second // until the first byte of an answer
	stallIn   = 30 * time.Second // a connection on which nothing moves
	tries     = 3                // of one request, with waits between them
	fetchRoom = 20 << 30         // bytes that fetched files may take on this machine's disk: three of the largest
)

// Config says where the store is.
type Config struct {
	Endpoint string // "https://host:port"
	Region   string
	Bucket   string
	Prefix   string // folder in the bucket, "" or "a/b/"
	Lookup   minio.BucketLookupType
	Dir      string // fetched files lie here
	Room     int64  // bytes that they may take together; 0 = 20 GiB

	AccessKey, SecretKey, SessionToken string
}

// Parse reads s3://bucket/prefix?endpoint=https://host&region=name&path_style=1. Without an endpoint it is AWS's, without a
// region us-east-1. Its errors repeat no value: people put secrets where they do not belong.
func Parse(address string) (c Config, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.Port() != "" || u.Fragment != "" {
		return c, errors.New("storage: not of the form s3://bucket/prefix?endpoint=…&region=…&path_style=1")
	}
	if u.User != nil {
		return c, errors.New("storage: key and secret belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, not into the address")
	}
	c = Config{Endpoint: "https://s3.amazonaws.com", Region: "us-east-1", Bucket: u.Host}
	if prefix := strings.Trim(u.Path, "/"); prefix != "" {
		c.Prefix = prefix + "/"
	}
	if blob.CheckFolder(c.Prefix) != nil || len(c.Prefix) > 100 {
		return c, errors.New("storage: the prefix is no folder's name")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return c, errors.New("storage: the part behind the question mark cannot be read")
	}
	for name, values := range query {
		if err := c.set(name, values); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *Config) set(name string, values []string) error {
	v := values[len(values)-1]
	switch {
	case len(values) > 1:
		return fmt.Errorf("storage: %.40q is said twice", name)
	case name == "endpoint":
		if !strings.Contains(v, "://") {
			v = "https://" + v
		}
		e, err := url.Parse(v)
		if err != nil || e.Scheme != "https" && e.Scheme != "http" || e.Host == "" || e.User != nil || strings.Trim(e.Path, "/") != "" || e.RawQuery != "" {
			return errors.New("storage: endpoint is not https://host or http://host:port")
		}
		c.Endpoint = e.Scheme + "://" + e.Host
	case name == "region" && v != "":
		c.Region = v
	case name == "path_style" && v == "1":
		c.Lookup = minio.BucketLookupPath
	case name == "path_style" && v == "0":
		c.Lookup = minio.BucketLookupDNS
	default:
		return fmt.Errorf("storage: %.40q is unknown or has no such value (endpoint, region, path_style=0 or 1)", name)
	}
	return nil
}

// Store is a bucket, or a folder of one.
type Store struct {
	core   minio.Core
	c      Config
	fetch  *semaphore.Weighted
	closer func()
}

// New makes the store without asking it anything; Check does.
func New(c Config) (*Store, error) {
	if c.AccessKey == "" || c.SecretKey == "" {
		return nil, errors.New("storage: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
	}
	if c.Room == 0 {
		c.Room = fetchRoom
	}
	e, err := url.Parse(c.Endpoint)
	if err != nil {
		return nil, errors.New("storage: endpoint")
	}
	wire := transport()
	client, err := minio.New(e.Host, &minio.Options{Creds: credentials.NewStaticV4(c.AccessKey, c.SecretKey, c.SessionToken), Secure: e.Scheme == "https",
		Region: c.Region, BucketLookup: c.Lookup, MaxRetries: tries, Transport: strict{wire}})
	if err != nil {
		return nil, err
	}
	return &Store{core: minio.Core{Client: client}, c: c, fetch: semaphore.NewWeighted(c.Room), closer: wire.CloseIdleConnections}, nil
}

// Close gives the connections back.
func (s *Store) Close() { s.closer() }

// Check asks for the bucket and says in one sentence what is wrong with it.
func (s *Store) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var err error
	for o := range s.objects(ctx, "", 1) {
		err = o.Err
		break
	}
	if err == nil && ctx.Err() == nil {
		return nil
	}
	what := "does not answer"
	switch code(err) {
	case "":
	case minio.NoSuchBucket:
		what = "does not exist"
	case minio.AccessDenied, "InvalidAccessKeyId", "SignatureDoesNotMatch":
		what = "refuses this key"
	default:
		what = "answers " + code(err)
	}
	return fmt.Errorf("storage: bucket %q at %s %s: %w", s.c.Bucket, s.c.Endpoint, what, err)
}

// transport bounds every wait: for a connection, for an answer, and for the next byte.
func transport() *http.Transport {
	dial := net.Dialer{Timeout: connectIn, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dial.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &moving{Conn: c}, nil
		},
		TLSHandshakeTimeout: connectIn, ResponseHeaderTimeout: answerIn, IdleConnTimeout: stallIn, MaxIdleConnsPerHost: 64,
		DisableCompression: true,
	}
}

// moving is a connection that ends when nothing has moved on it for stallIn.
type moving struct{ net.Conn }

// Read implements net.Conn.
func (m *moving) Read(p []byte) (int, error) {
	_ = m.SetReadDeadline(time.Now().Add(stallIn))
	return m.Conn.Read(p)
}

// Write implements net.Conn. A slow upload moves too: the client waits for its answer, reading, from before the first byte.
func (m *moving) Write(p []byte) (int, error) {
	_ = m.SetDeadline(time.Now().Add(stallIn))
	return m.Conn.Write(p)
}
