package city

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built makes the real binary, once per test run, in a folder that Main removes.
var built = sync.OnceValues(func() (bin string, err error) {
	if binDir, err = os.MkdirTemp("", "xueshi-test-"); err != nil {
		return "", err
	}
	bin = filepath.Join(binDir, "xueshi")
	cmd := exec.Command("go", "build", "-o", bin, "./cmd/xueshi")
	cmd.Dir = Root()
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("build: %w\n%s", err, out)
	}
	return bin, err
})

var binDir string

// Main is the TestMain of packages that use Program.
func Main(m *testing.M) {
	code := m.Run()
	if binDir != "" {
		_ = os.RemoveAll(binDir)
	}
	os.Exit(code)
}

// Program is the path of the real binary.
func Program(t testing.TB) string {
	t.Helper()
	bin, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}
