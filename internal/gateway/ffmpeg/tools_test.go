package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xueshi/internal/kernel/errs"
)

// script is a program that does what a shell script says.
func script(t *testing.T, text string) program {
	t.Helper()
	return program{name: "sh", args: []string{"-c", text}, cpu: time.Minute}
}

func limited() *tools { return &tools{memory: 1 << 30} }

// what is the limit an error names; "" for another error.
func what(err error) string {
	if e := errs.As(err); err != nil && e.Code == "media.inspection_limit" {
		s, _ := e.Params["what"].(string)
		return s
	}
	return ""
}

// gone fails unless the process of a pid file has ended.
func gone(t *testing.T, pid string) {
	t.Helper()
	raw, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(raw)) + "/stat")
	if err == nil && !bytes.Contains(stat, []byte(") Z ")) {
		t.Errorf("still there: %s", stat)
	}
}

func TestAProgramThatNeverEndsIsStopped(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	p := script(t, "echo $$ > "+pid+"; sleep 1000 & wait")
	p.cpu = 100 * time.Millisecond
	if _, _, err := limited().run(context.Background(), p); what(err) != "time" {
		t.Errorf("%v", err)
	}
	gone(t, pid)
	p = script(t, "while :; do :; done")
	p.cpu = time.Second
	if _, _, err := limited().run(context.Background(), p); what(err) != "time" {
		t.Errorf("busy: %v", err)
	}
}

func TestAProgramIsStoppedWithItsCaller(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	p := script(t, "echo $$ > "+dir+"/pid; echo up >&3; sleep 1000 & wait")
	p.outputs = []func(io.Reader) error{func(r io.Reader) error {
		_, err := r.Read(make([]byte, 8))
		cancel()
		return err
	}}
	if _, _, err := limited().run(ctx, p); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	gone(t, dir+"/pid")
}

func TestTooMuchOutputStopsAProgram(t *testing.T) {
	p := script(t, "yes 0,1,1,1,1,K >&3")
	p.outputs = []func(io.Reader) error{(&packetScan{audio: -1}).read}
	if _, _, err := limited().run(context.Background(), p); what(err) != "packets" {
		t.Errorf("%v", err)
	}
	p = script(t, "yes complaint | head -c 3000000 >&2; exit 3")
	_, complaints, err := limited().run(context.Background(), p)
	if err == nil || len(complaints) > maxComplaints || len(err.Error()) > 2000 {
		t.Errorf("%d bytes of complaints, %v", len(complaints), err)
	}
	p = script(t, "yes answer")
	if out, _, err := limited().run(context.Background(), p); what(err) != "output" || len(out) > maxPrinted {
		t.Errorf("%d bytes printed, %v", len(out), err)
	}
}

func TestMemoryIsLimited(t *testing.T) {
	small := &tools{ffmpeg: "ffmpeg", memory: 1 << 30}
	p := program{name: "ffmpeg", cpu: time.Minute, args: []string{"-nostdin", "-v", "error", "-f", "lavfi", "-i", "color=s=16000x16000:d=1", "-filter_complex", "split=6[a][b][c][d][e][f];[a][b][c][d][e][f]hstack=inputs=6", "-f", "null", "-"}}
	if _, _, err := small.run(context.Background(), p); what(err) != "memory" {
		t.Errorf("%v", err)
	}
}

func TestAProgramKnowsNothingOfItsCaller(t *testing.T) {
	t.Setenv("XUESHI_SECRET", "secret")
	out, _, err := limited().run(context.Background(), script(t, "env"))
	if err != nil || strings.Contains(string(out), "secret") || !strings.Contains(string(out), "PATH=") {
		t.Errorf("%s %v", out, err)
	}
}
