package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// argon2id with 19 MiB, two passes: about 85 ms; two at once, so that a burst of logins cannot take all memory.
const (
	argonTime   = 2
	argonMemory = 19 * 1024
	argonKey    = 32
)

var hashing = make(chan struct{}, 2)

func hashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	key, err := derive(ctx, password, salt)
	if err != nil {
		return "", err
	}
	e := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=1$%s$%s", argonMemory, argonTime, e.EncodeToString(salt), e.EncodeToString(key)), nil
}

// passwordIs compares in constant time. An empty hash (an account that logs in by code only) takes as long and never fits.
func passwordIs(ctx context.Context, hash, password string) (bool, error) {
	f := strings.Split(hash, "$")
	salt, want := []byte("no such account.."), make([]byte, argonKey)
	known := len(f) == 6
	if known {
		var err1, err2 error
		salt, err1 = base64.RawStdEncoding.DecodeString(f[4])
		want, err2 = base64.RawStdEncoding.DecodeString(f[5])
		known = err1 == nil && err2 == nil
	}
	got, err := derive(ctx, password, salt)
	return known && subtle.ConstantTimeCompare(got, want) == 1, err
}

func derive(ctx context.Context, password string, salt []byte) ([]byte, error) {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, argonTime, argonMemory, 1, argonKey), nil
}
