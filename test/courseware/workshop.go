package courseware

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Workshop makes files with ffmpeg and espeak-ng and keeps them in one directory, each named by the hash of how it was made:
// the program's version, its arguments, and through their names all files it was made of.
type Workshop struct {
	dir      string
	versions map[string]string

	mu      sync.Mutex
	working map[string]*sync.Mutex
}

// OpenWorkshop uses the directory named, or XUESHI_COURSEWARE, or one in the user's cache.
// Errors: a program that is missing.
func OpenWorkshop(dir string) (*Workshop, error) {
	if dir == "" {
		dir = os.Getenv("XUESHI_COURSEWARE")
	}
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(cache, "xueshi-courseware")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	w := &Workshop{dir: dir, versions: map[string]string{}, working: map[string]*sync.Mutex{}}
	for program, flag := range map[string]string{"ffmpeg": "-version", "espeak-ng": "--version"} {
		out, err := exec.Command(program, flag).Output()
		if err != nil {
			return nil, fmt.Errorf("%s is needed to make the clips: %w", program, err)
		}
		first, _, _ := strings.Cut(string(out), "\n")
		w.versions[program] = first
	}
	return w, os.MkdirAll(dir, 0o755)
}

// Path is where a file of the workshop is.
func (w *Workshop) Path(name string) string { return filepath.Join(w.dir, name) }

// alone keeps two callers from making the same file at once.
func (w *Workshop) alone(name string) func() {
	w.mu.Lock()
	m := w.working[name]
	if m == nil {
		m = &sync.Mutex{}
		w.working[name] = m
	}
	w.mu.Unlock()
	m.Lock()
	return m.Unlock
}

// job is one clip or material in the making; after the first error it makes nothing any more.
type job struct {
	ctx context.Context
	w   *Workshop
	err error
}

const (
	output = "OUT"    // stands in a program's arguments for the file it makes
	spoken = "SPOKEN" // says that what the program prints on standard error is the file
)

// make runs a program in the workshop's directory unless its file is there, and gives the file's name.
func (j *job) make(ext, program string, args ...string) string {
	if j.err != nil {
		return ""
	}
	sum := sha256.Sum256([]byte(j.w.versions[program] + "\x00" + ext + "\x00" + strings.Join(args, "\x00")))
	name := hex.EncodeToString(sum[:10]) + "." + ext
	defer j.w.alone(name)()
	if _, err := os.Stat(j.w.Path(name)); err == nil {
		return name
	}
	tmp := fmt.Sprintf("tmp-%d-%s", os.Getpid(), name)
	said, err := j.run(program, args, tmp)
	if err == nil && ext == spoken {
		err = os.WriteFile(j.w.Path(tmp), said, 0o644)
	}
	if err == nil {
		err = os.Rename(j.w.Path(tmp), j.w.Path(name))
	}
	if err != nil {
		_ = os.Remove(j.w.Path(tmp))
		j.err = fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, said[max(0, len(said)-2000):])
	}
	return name
}

func (j *job) run(program string, args []string, tmp string) (said []byte, err error) {
	real := make([]string, len(args))
	for i, a := range args {
		real[i] = strings.ReplaceAll(a, output, tmp)
	}
	cmd := exec.CommandContext(j.ctx, program, real...)
	cmd.Dir = j.w.dir
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	err = cmd.Run()
	return complaints.Bytes(), err
}

// ffmpeg makes a file from arguments that end with the options of the output.
func (j *job) ffmpeg(ext string, args ...string) string {
	return j.make(ext, "ffmpeg", append(append([]string{"-nostdin", "-hide_banner", "-loglevel", "error", "-y"}, args...), output)...)
}

// heard runs an analysing filter over a file and gives what it says at its end.
func (j *job) heard(file, filter string) string {
	name := j.make(spoken, "ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-i", file, "-map", "0:a", "-af", filter, "-f", "null", "-")
	if j.err != nil {
		return ""
	}
	raw, err := os.ReadFile(j.w.Path(name))
	if err != nil {
		j.err = err
	}
	return string(raw)
}

// text keeps a text for the programs to read.
func (j *job) text(content string) string {
	if j.err != nil {
		return ""
	}
	sum := sha256.Sum256([]byte(content))
	name := hex.EncodeToString(sum[:10]) + ".txt"
	defer j.w.alone(name)()
	if old, err := os.ReadFile(j.w.Path(name)); err != nil || string(old) != content {
		j.err = os.WriteFile(j.w.Path(name), []byte(content), 0o644)
	}
	return name
}

// joined puts files behind each other, byte by byte.
func (j *job) joined(files ...string) string {
	if j.err != nil {
		return ""
	}
	sum := sha256.Sum256([]byte("joined\x00" + strings.Join(files, "\x00")))
	name := hex.EncodeToString(sum[:10]) + filepath.Ext(files[0])
	defer j.w.alone(name)()
	var all []byte
	for _, f := range files {
		raw, err := os.ReadFile(j.w.Path(f))
		if err != nil {
			j.err = err
			return ""
		}
		all = append(all, raw...)
	}
	j.err = os.WriteFile(j.w.Path(name), all, 0o644)
	return name
}
