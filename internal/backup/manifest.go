package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"xueshi/internal/platform/ledger"
)

// manifestName is the file that makes a folder a backup.
const manifestName = "manifest"

// Manifest says what a backup holds. It is signed by the key of the evidence log.
type Manifest struct {
	Format       int              `json:"format"` // 1
	Made         time.Time        `json:"made"`   // when the snapshot was taken, by the database's clock
	Program      string           `json:"program"`
	Schema       int64            `json:"schema"` // version of the newest migration
	Engine       string           `json:"engine"`
	Installation string           `json:"installation"`
	Keys         string           `json:"keys"`  // fingerprint; the keys themselves are never here
	Sweep        int64            `json:"sweep"` // sweeps of the store that the database knows of
	Leaves       int64            `json:"leaves"`
	Root         string           `json:"root"` // of the evidence log's tree over all leaves
	Checkpoint   string           `json:"checkpoint"`
	Rows         map[string]int64 `json:"rows"`        // of each table
	Database     Part             `json:"database"`    // the snapshot
	List         Part             `json:"list"`        // of the store's files
	Files        int64            `json:"files"`       // how many
	FileBytes    int64            `json:"file_bytes"`  // all together
	Copied       bool             `json:"file_copies"` // false = the list only names what lies in an object store
}

// Part is a file of the backup.
type Part struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// write signs the manifest and gives it its name, last of all.
func (m *Manifest) write(dir string, signer *ledger.Signer) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	signed, err := signer.Sign(string(text) + "\n")
	if err != nil {
		return err
	}
	return place(filepath.Join(dir, manifestName), []byte(signed))
}

// place stores a small file for good and at once.
func place(path string, content []byte) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Read reads a backup's manifest. Errors: there is none; it was altered, or signed with other keys.
func Read(dir string, signer *ledger.Signer) (*Manifest, error) {
	raw, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s is no backup: it has no manifest (one that was not finished has none)", dir)
	}
	if err != nil {
		return nil, err
	}
	text, err := signer.Opened(string(raw))
	if err != nil {
		return nil, fmt.Errorf("the manifest was altered, or these are not the keys of this backup: %w", err)
	}
	m := new(Manifest)
	if err := json.Unmarshal([]byte(text), m); err != nil {
		return nil, fmt.Errorf("the manifest: %w", err)
	}
	if m.Format != 1 {
		return nil, fmt.Errorf("the backup has format %d: a newer program made it", m.Format)
	}
	return m, nil
}
