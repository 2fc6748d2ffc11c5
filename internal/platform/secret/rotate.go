package secret

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Sealing keys are changed in steps, so that no process ever meets a value that it cannot open (NIST SP 800-57 part 1, 5.3): a new key is
// added and brought to every machine; then it is used; then what older keys have sealed is sealed anew; then they are retired. The index
// keys stay: the installation's own keys derive from them.

// SealingKey is one of the keys that values are sealed with.
type SealingKey struct {
	ID   uint32
	Used bool // new values are sealed with it
}

// SealingKeys lists the keys in dir, the oldest first.
func SealingKeys(dir string) (all []SealingKey, err error) {
	h, err := read(dir)
	if err != nil {
		return nil, err
	}
	info := h.KeysetInfo()
	for _, k := range info.GetKeyInfo() {
		all = append(all, SealingKey{k.GetKeyId(), k.GetKeyId() == info.GetPrimaryKeyId()})
	}
	return all, nil
}

// AddSealingKey makes a new key that opens, and seals nothing yet.
func AddSealingKey(dir string) (id uint32, err error) {
	return id, change(dir, func(m *keyset.Manager, _ []SealingKey) error {
		id, err = m.Add(aead.AES256GCMKeyTemplate())
		return err
	})
}

// UseSealingKey seals new values with the newest key from the next start on.
func UseSealingKey(dir string) (id uint32, err error) {
	return id, change(dir, func(m *keyset.Manager, all []SealingKey) error {
		newest := all[len(all)-1]
		if newest.Used {
			return errors.New("the newest key is in use already: add one first")
		}
		id = newest.ID
		return m.SetPrimary(id)
	})
}

// RetireSealingKeys destroys all keys but the one in use. What they have sealed opens never again: ask first that there is nothing.
func RetireSealingKeys(dir string) (retired int, err error) {
	return retired, change(dir, func(m *keyset.Manager, all []SealingKey) error {
		for _, k := range all {
			if k.Used {
				continue
			}
			if err := m.Delete(k.ID); err != nil {
				return err
			}
			retired++
		}
		return nil
	})
}

func read(dir string) (*keyset.Handle, error) {
	raw, err := os.ReadFile(filepath.Join(dir, sealingFile))
	if err != nil {
		return nil, fmt.Errorf("sealing keys: %w", err)
	}
	return insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
}

// change replaces the key file, at once and for good.
func change(dir string, f func(m *keyset.Manager, all []SealingKey) error) error {
	all, err := SealingKeys(dir)
	if err != nil {
		return err
	}
	h, err := read(dir)
	if err != nil {
		return err
	}
	m := keyset.NewManagerFromHandle(h)
	if err := f(m, all); err != nil {
		return err
	}
	if h, err = m.Handle(); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&b)); err != nil {
		return err
	}
	path := filepath.Join(dir, sealingFile)
	next := path + ".next"
	_ = os.Remove(next)
	if err := place(next, b.Bytes()); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// prefixLen is how long Tink's prefix of a sealed value is: a version byte and the key's number.
const prefixLen = 5

// SealedByUsed tells whether a value was sealed with the key in use.
func (k *Keys) SealedByUsed(sealed []byte) bool {
	return len(sealed) > prefixLen && sealed[0] == 1 && binary.BigEndian.Uint32(sealed[1:prefixLen]) == k.used
}

// Reseal seals a value anew with the key in use. Errors: it does not open.
func (k *Keys) Reseal(sealed []byte, aad string) ([]byte, error) {
	value, err := k.Unseal(sealed, aad)
	if err != nil {
		return nil, err
	}
	return k.Seal(value, aad)
}
