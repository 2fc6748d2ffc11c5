package city

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"xueshi/internal/app"
	"xueshi/internal/demo"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

// seed is the demo city that a test binary makes once for each engine: the tests start with copies.
type seed struct {
	database sqltest.Template
	files    string // its data folder
	logins   []demo.Login
}

var seeded = map[sqldb.Engine]*seed{sqldb.SQLite: newSeed(), sqldb.Postgres: newSeed()}

func newSeed() *seed {
	s := new(seed)
	s.database.Fill = s.fill
	return s
}

func (s *seed) fill(env *sqltest.Env) (err error) {
	if scratch == "" {
		return errors.New("the package needs func TestMain(m *testing.M) { city.Main(m) }")
	}
	if s.files, err = os.MkdirTemp(scratch, "city-"); err != nil {
		return err
	}
	ctx := context.Background()
	a, err := app.New(ctx, app.Config{Data: s.files, Database: env.DSN, Demo: demoFolder(), Simulate: true}, env.Clock, nil, sqldb.WithProcessClock())
	if err != nil {
		return err
	}
	s.logins, _, err = demo.Seed(ctx, demo.Deps{DB: a.DB, Store: a.Store, Identity: a.Identity, Source: os.DirFS(demoFolder())})
	return errors.Join(err, a.Close())
}

func demoFolder() string { return filepath.Join(Root(), "demo") }

// CopyFolder copies a folder's files: by a program, since the race detector would look at each of their bytes.
func CopyFolder(t testing.TB, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from+"/.", to).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v\n%s", err, out)
	}
}

// PutFolder puts the files of a local store into another.
func PutFolder(ctx context.Context, to blob.Store, from string) error {
	return fs.WalkDir(os.DirFS(from), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(filepath.Join(from, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		return to.Put(ctx, name, f)
	})
}
