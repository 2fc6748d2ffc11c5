package city

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built makes the real binary, once per test run.
var built = sync.OnceValues(func() (bin string, err error) {
	bin = filepath.Join(scratch, "xueshi")
	cmd := exec.Command("go", "build", "-o", bin, "./cmd/xueshi")
	cmd.Dir = Root()
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("build: %w\n%s", err, out)
	}
	return bin, err
})

// scratch is the folder of what tests share; Main removes it.
var scratch string

// Main is the TestMain of packages that use this one.
func Main(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "xueshi-test-"); err == nil {
		err = os.Chmod(scratch, 0o711) // PostgreSQL's user passes
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch)
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

// Scratch is a folder that lasts until the tests of the binary have ended.
func Scratch() string { return scratch }
