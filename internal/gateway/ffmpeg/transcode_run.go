// Package ffmpeg makes streams and better copies of lesson files with FFmpeg. It alone starts programs, and it gives them
// limits of time, memory and protocols: a file that somebody uploaded is an attack until it has been measured.
package ffmpeg

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Transcoder implements media.Transcoder.
type Transcoder struct {
	ffmpeg, ffprobe string
	memory          int64 // bytes of address space of one program
}

// NewTranscoder finds the programs on PATH when they are needed.
func NewTranscoder() *Transcoder {
	return &Transcoder{ffmpeg: "ffmpeg", ffprobe: "ffprobe", memory: 6 << 30}
}

// demuxers are the containers that are opened at all: no playlists, no scripts, no pictures by pattern.
const demuxers = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,avi,flv,asf"

// input opens a local file and nothing it may point to.
func input(path string) []string {
	return []string{"-protocol_whitelist", "file,pipe", "-format_whitelist", demuxers, "-i", "file:" + path}
}

// program is one run of ffmpeg or ffprobe.
type program struct {
	name     string
	dir      string
	args     []string
	cpu      time.Duration // of all threads together; four times that long it may take on the clock
	progress func(doneMS int64)
}

// run gives what the program printed, or an error with the end of what it complained about.
func (t *Transcoder) run(ctx context.Context, p program) (stdout, stderr []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, 4*p.cpu)
	defer cancel()
	limits := []string{"--core=0", fmt.Sprintf("--as=%d", t.memory), fmt.Sprintf("--cpu=%d", int64(p.cpu.Seconds())), "--", p.name}
	cmd := exec.CommandContext(ctx, "prlimit", append(limits, p.args...)...)
	cmd.Dir = p.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if p.progress != nil {
		r, w := io.Pipe()
		defer follow(r, w, p.progress)()
		cmd.Stdout = w
	}
	// The kernel sends the death signal when the starting thread ends, so the thread must outlive the program.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err = cmd.Run(); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		err = fmt.Errorf("%s: %w: %s", p.name, err, tail(complaints.Bytes()))
	}
	return out.Bytes(), complaints.Bytes(), err
}

// follow reads -progress reports until the returned function is called.
func follow(r *io.PipeReader, w *io.PipeWriter, progress func(doneMS int64)) func() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(r); lines.Scan(); {
			if us, found := strings.CutPrefix(lines.Text(), "out_time_us="); found {
				if n, err := strconv.ParseInt(us, 10, 64); err == nil && n >= 0 {
					progress(n / 1000)
				}
			}
		}
		_, _ = io.Copy(io.Discard, r)
	}()
	return func() { _ = w.Close(); <-done }
}

func tail(b []byte) []byte {
	b = bytes.TrimSpace(b)
	return b[max(0, len(b)-600):]
}

// limit is the time a program may take for media of a length: some twenty times what a slow machine needs.
func limit(lengthMS int64) time.Duration {
	return 10*time.Minute + 20*time.Duration(lengthMS)*time.Millisecond
}

// encode runs ffmpeg over media of the given length.
func (t *Transcoder) encode(ctx context.Context, dir string, lengthMS int64, progress func(doneMS, totalMS int64), args ...string) ([]byte, error) {
	args = append([]string{"-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-y", "-progress", "pipe:1"}, args...)
	_, complaints, err := t.run(ctx, program{name: t.ffmpeg, dir: dir, args: args, cpu: limit(lengthMS),
		progress: func(doneMS int64) { progress(min(doneMS, lengthMS), lengthMS) }})
	return complaints, err
}
