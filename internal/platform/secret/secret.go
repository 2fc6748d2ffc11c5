// Package secret seals personal data at rest and derives the keys of this installation.
package secret

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Keys is the key material of one installation. It lies in files beside the data, never in the database:
// a stolen dump shows neither ID numbers nor phones.
type Keys struct {
	aead tink.AEAD
	prf  *prf.Set
	root []byte
	used uint32 // number of the key that seals
}

// Open reads the keysets in dir, making them (0600) on the first start.
func Open(dir string) (*Keys, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	sealing, err := handle(filepath.Join(dir, sealingFile), func() (*keyset.Handle, error) { return keyset.NewHandle(aead.AES256GCMKeyTemplate()) })
	if err != nil {
		return nil, fmt.Errorf("sealing keys: %w", err)
	}
	index, err := handle(filepath.Join(dir, indexFile), func() (*keyset.Handle, error) { return keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate()) })
	if err != nil {
		return nil, fmt.Errorf("index keys: %w", err)
	}
	k := &Keys{used: sealing.KeysetInfo().GetPrimaryKeyId()}
	if k.aead, err = aead.New(sealing); err != nil {
		return nil, err
	}
	if k.prf, err = prf.NewPRFSet(index); err != nil {
		return nil, err
	}
	k.root, err = k.prf.ComputePrimaryPRF([]byte("xueshi root key v1"), 32)
	return k, err
}

const sealingFile, indexFile = "sealing.json", "index.json"

// Files are the key files of an installation.
var Files = []string{sealingFile, indexFile}

// Made tells whether keys lie in dir, all of them.
func Made(dir string) bool {
	for _, name := range Files {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// handle reads a keyset file or makes it. The file is complete before it has its name, so that a crash leaves none or a whole one; of
// two processes that make it at once one is first, and the other takes that one's.
func handle(path string, make func() (*keyset.Handle, error)) (*keyset.Handle, error) {
	raw, err := os.ReadFile(path)
	if err == nil {
		return insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
	}
	if !os.IsNotExist(err) {
		return nil, err
	}
	h, err := make()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&b)); err != nil {
		return nil, err
	}
	if err := place(path, b.Bytes()); os.IsExist(err) {
		return handle(path, make)
	} else if err != nil {
		return nil, err
	}
	return h, nil
}

// place stores a file under a name that nobody has, at once and for good.
func place(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}

// Seal encrypts a value for one row: moved to another row (another aad) it does not open.
func (k *Keys) Seal(value, aad string) ([]byte, error) {
	return k.aead.Encrypt([]byte(value), []byte(aad))
}

// Unseal opens what Seal made with the same aad.
func (k *Keys) Unseal(sealed []byte, aad string) (string, error) {
	b, err := k.aead.Decrypt(sealed, []byte(aad))
	return string(b), err
}

// Index is the blind index of a normalised value: equal values find each other, and nobody without the key can try values.
func (k *Keys) Index(kind, value string) (string, error) {
	b, err := k.prf.ComputePrimaryPRF([]byte(kind+"\x00"+value), 16)
	return base64.RawURLEncoding.EncodeToString(b), err
}

// Derive is a 32-byte key for one purpose.
func (k *Keys) Derive(purpose string) []byte {
	b, err := hkdf.Key(sha256.New, k.root, nil, "xueshi/"+purpose, 32)
	if err != nil {
		panic(err) // only for lengths out of range
	}
	return b
}
