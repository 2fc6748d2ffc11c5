// Package ffmpeg measures lesson files and makes streams and better copies of them with FFmpeg (5.1 or newer). It alone starts
// programs, and it gives them limits of time, memory and protocols: a file that somebody uploaded is an attack.
//
// An inspection judges a file by its first bytes before any program sees it (sniff.go), then by what ffprobe says of its streams
// (source.go) and packets (packets.go), and then decodes it once (decode.go) into small pictures and plain samples, which package
// signal looks at.
package ffmpeg

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"xueshi/internal/kernel/errs"
)

// tools are the programs, found on PATH when they are needed.
type tools struct {
	ffmpeg, ffprobe string
	memory          int64 // bytes of address space of one program
}

// Transcoder implements media.Transcoder.
type Transcoder struct{ tools }

// NewTranscoder makes a Transcoder; it starts nothing.
func NewTranscoder() *Transcoder { return &Transcoder{tools{"ffmpeg", "ffprobe", 6 << 30}} }

// Inspector implements media.Inspector.
type Inspector struct{ tools }

// NewInspector makes an Inspector; it starts nothing.
func NewInspector() *Inspector { return &Inspector{tools{"ffmpeg", "ffprobe", 3 << 30}} }

// Installed says whether this machine has the programs.
func Installed() bool {
	for _, name := range []string{"ffmpeg", "ffprobe", "prlimit"} {
		if _, err := exec.LookPath(name); err != nil {
			return false
		}
	}
	return true
}

// demuxers are the containers that are opened at all: no playlists, no scripts, no pictures by pattern.
const demuxers = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,avi,flv,asf"

// decoders are those a lesson may need; formats of pictures, subtitles and games are none of them.
const decoders = "h264,hevc,mpeg4,mpeg2video,vp8,vp9,libvpx-vp9,libdav1d,av1,prores,flv,wmv2,rawvideo,ffv1,dnxhd,mjpeg," +
	"aac,mp3,mp3float,ac3,eac3,opus,libopus,vorbis,flac,alac,pcm_s16le,pcm_s16be,pcm_s24le,pcm_f32le,mp2,mp2float,wmav2"

// input opens a local file and nothing it may point to.
func input(path string) []string {
	return []string{"-protocol_whitelist", "file,pipe", "-format_whitelist", demuxers, "-codec_whitelist", decoders, "-i", "file:" + path}
}

// program is one run of ffmpeg or ffprobe.
type program struct {
	name     string
	dir      string
	args     []string
	cpu      time.Duration // of all threads together; four times that long it may take on the clock
	progress func(doneMS int64)
	// outputs are read by goroutines of their own from file descriptors 3, 4, … of the program; one that fails stops it.
	outputs []func(io.Reader) error
}

// run gives what the program printed, or an error with the end of what it complained about.
// Errors: an output's; Invalid "media.inspection_limit" (what: time, memory or output) when it used up what it may; the program's failure.
func (t *tools) run(ctx context.Context, p program) (stdout, stderr []byte, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timed, stop := context.WithTimeoutCause(ctx, 4*p.cpu, errs.New(errs.Invalid, "media.inspection_limit", "what", "time"))
	defer stop()
	cmd := t.command(timed, p)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed{&out, cancel}, &tailWriter{&complaints}
	if p.progress != nil {
		r, w := io.Pipe()
		defer follow(r, w, p.progress)()
		cmd.Stdout = w
	}
	wait, err := pipes(cmd, p.outputs, cancel)
	if err != nil {
		return nil, nil, err
	}
	// The kernel sends the death signal when the starting thread ends, so the thread must outlive the program.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err = cmd.Start()
	wait(err == nil)
	if err == nil {
		err = cmd.Wait()
	}
	return out.Bytes(), complaints.Bytes(), verdict(timed, p.name, err, complaints.Bytes())
}

func (t *tools) command(ctx context.Context, p program) *exec.Cmd {
	limits := []string{"--core=0", fmt.Sprintf("--as=%d", t.memory), fmt.Sprintf("--cpu=%d", int64(math.Ceil(p.cpu.Seconds()))), "--", p.name}
	cmd := exec.CommandContext(ctx, "prlimit", append(limits, p.args...)...)
	cmd.Dir = p.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// pipes opens a pipe for each output. The function it returns is called once the program runs (or does not) and waits until all
// is read; what a reader leaves is drained, so that the program never waits for it.
func pipes(cmd *exec.Cmd, outputs []func(io.Reader) error, stop func(error)) (wait func(started bool), err error) {
	var readers, writers []*os.File
	for range outputs {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(append(readers, writers...))
			return nil, err
		}
		readers, writers = append(readers, r), append(writers, w)
	}
	cmd.ExtraFiles = writers
	return func(started bool) {
		closeAll(writers)
		defer closeAll(readers)
		var all sync.WaitGroup
		for i, f := range readers {
			if started {
				all.Go(func() {
					if err := outputs[i](f); err != nil {
						stop(err)
					}
					_, _ = io.Copy(io.Discard, f)
				})
			}
		}
		all.Wait()
	}, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

// verdict says what the end of a program means.
func verdict(ctx context.Context, name string, err error, complaints []byte) error {
	cause := context.Cause(ctx)
	var exit *exec.ExitError
	switch {
	case cause != nil:
		return cause
	case err == nil:
		return nil
	case errors.As(err, &exit) && endedBy(exit, syscall.SIGXCPU, syscall.SIGKILL):
		return errs.New(errs.Invalid, "media.inspection_limit", "what", "time").WithCause(err)
	case bytes.Contains(complaints, []byte("Cannot allocate memory")):
		return errs.New(errs.Invalid, "media.inspection_limit", "what", "memory").WithCause(err)
	}
	return fmt.Errorf("%s: %w: %s", name, err, tail(complaints))
}

func endedBy(exit *exec.ExitError, signals ...syscall.Signal) bool {
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && slices.Contains(signals, status.Signal())
}

// maxPrinted is the most that a program may print as its answer: ffprobe's description of a file, which is text of the file.
const maxPrinted = 8 << 20

// printed keeps what a program prints, and stops one that prints too much.
type printed struct {
	kept *bytes.Buffer
	stop context.CancelCauseFunc
}

// Write implements io.Writer.
func (p *printed) Write(b []byte) (int, error) {
	if p.kept.Len()+len(b) > maxPrinted {
		p.stop(limitReached("output"))
		return len(b), nil
	}
	return p.kept.Write(b)
}

// tailWriter keeps the end of what a program complains about, and never stops it.
type tailWriter struct{ kept *bytes.Buffer }

// maxComplaints is what is kept: a damaged file can make megabytes.
const maxComplaints = 64 << 10

// Write implements io.Writer.
func (t *tailWriter) Write(p []byte) (int, error) {
	t.kept.Write(p)
	if over := t.kept.Len() - maxComplaints; over > 0 {
		t.kept.Next(over)
	}
	return len(p), nil
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
func (t *tools) encode(ctx context.Context, dir string, lengthMS int64, progress func(doneMS, totalMS int64), args ...string) ([]byte, error) {
	args = append([]string{"-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-y", "-progress", "pipe:1"}, args...)
	_, complaints, err := t.run(ctx, program{name: t.ffmpeg, dir: dir, args: args, cpu: limit(lengthMS),
		progress: func(doneMS int64) { progress(min(doneMS, lengthMS), lengthMS) }})
	return complaints, err
}
