package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	loudness  = -18.5 // LUFS, of lessons
	loudDigit = -20.0 // LUFS, of a spoken digit
	peakDB    = -1.1  // dBTP, at most
)

// film writes one 720p rendition at a constant 10 fps with a key frame every six seconds, as inspection profile "slides" asks.
// There are no B-frames: they would set the picture 200 ms behind the sound and the captions.
func film(pictures []string, slides []shown, out string) {
	cmd := exec.Command("ffmpeg", "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", fmt.Sprintf("%dx%d", width, height), "-r", strconv.Itoa(fps), "-i", "-",
		"-c:v", "libx264", "-threads", "1", "-profile:v", "main", "-level", "3.1", "-preset", "slow", "-crf", "35", "-bf", "0", "-x264-params", "psy=0:aq-mode=1:scenecut=0:rc-lookahead=10",
		"-g", strconv.Itoa(fps*segmentMS/1000), "-keyint_min", strconv.Itoa(fps*segmentMS/1000), "-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv",
		"-fps_mode", "passthrough", "-video_track_timescale", "10000", out)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdinPipe()
	must(err)
	must(cmd.Start())
	for i, s := range slides {
		frame := raw(pictures[i])
		for range (s.EndMS - s.StartMS + frameMS/2) / frameMS {
			_, err := pipe.Write(frame)
			must(err)
		}
	}
	must(pipe.Close())
	must(cmd.Wait())
}

// raw is a picture as one yuv420p frame.
func raw(picture string) []byte {
	out, err := exec.Command("ffmpeg", "-loglevel", "error", "-i", picture, "-vf", "scale=out_color_matrix=bt709:out_range=tv", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-").Output()
	must(err)
	if len(out) != width*height*3/2 {
		log.Fatalf("%s: %d bytes", picture, len(out))
	}
	return out
}

func still(picture, out, size, quality string) {
	run("ffmpeg", "-y", "-loglevel", "error", "-i", picture, "-vf", "scale="+size+":flags=lanczos", "-q:v", quality, out)
}

// sound writes speech.aac. An AAC encoder puts one frame of nothing before the sound; the same length of silence is taken
// from the beginning instead, so that the stream starts at 0 without an edit list and every sample stands where it was put.
func sound(pcm []byte, tmp string) {
	wave := filepath.Join(tmp, "speech.wav")
	must(os.WriteFile(wave, wav(pcm, rate), 0o600))
	coded := filepath.Join(tmp, "speech.aac")
	for top := 0.5; ; top *= 0.85 { // AAC overshoots the limiter by up to 5 dB
		filter := level(wave, "aresample=48000", loudness, top) + ",atrim=start_sample=1024,asetpts=N/SR/TB"
		run("ffmpeg", "-y", "-loglevel", "error", "-i", wave, "-af", filter, "-c:a", "aac", "-b:a", "24k", "-ac", "1", coded)
		if measure(coded, "anull", "Peak:") <= peakDB {
			return
		}
	}
}

// level is a filter that brings a sound, behind another filter, to the wanted loudness with its peaks limited to top of full scale.
func level(wave, before string, want, top float64) string {
	filter, db := before, 0.0
	for range 3 { // the limiter takes some of the gain
		db += want - measure(wave, filter, "I:")
		filter = fmt.Sprintf("%s,volume=%.2fdB,alimiter=limit=%.3g:attack=2:release=30:level=false:latency=true", before, db, top)
	}
	return filter
}

// measure is what ffmpeg finds of a sound behind a filter: "I:" its integrated loudness, LUFS, or "Peak:" its true peak, dBTP.
func measure(file, filter, what string) float64 {
	report := run("ffmpeg", "-hide_banner", "-nostats", "-i", file, "-af", filter+",ebur128=peak=true:framelog=verbose", "-f", "null", "-")
	_, report, _ = strings.Cut(report, "Summary:")
	_, report, _ = strings.Cut(report, what)
	fields := strings.Fields(report)
	if len(fields) == 0 {
		log.Fatalf("%s: no %s", file, what)
	}
	value, err := strconv.ParseFloat(fields[0], 64)
	must(err)
	return value
}

// mux packages picture and sound into init.mp4, 0.m4s, 1.m4s …
func mux(tmp, out string) {
	run("ffmpeg", "-y", "-loglevel", "error", "-i", filepath.Join(tmp, "picture.mp4"), "-i", filepath.Join(tmp, "speech.aac"), "-map", "0:v", "-map", "1:a", "-c", "copy", "-bsf:a", "aac_adtstoasc",
		"-f", "hls", "-hls_time", strconv.Itoa(segmentMS/1000), "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", "init.mp4",
		"-hls_segment_filename", filepath.Join(out, "%d.m4s"), filepath.Join(out, "index.m3u8"))
	must(os.Remove(filepath.Join(out, "index.m3u8")))
}

// digits speaks the ten digits as raw 16-bit mono PCM at 8 kHz, all equally loud: the audio form of a presence check.
func digits() {
	must(os.MkdirAll("demo/audio", 0o755))
	tmp, err := os.MkdirTemp("", "digits")
	must(err)
	defer func() { _ = os.RemoveAll(tmp) }()
	wave := filepath.Join(tmp, "digit.wav")
	for n, word := range strings.Split("零 一 二 三 四 五 六 七 八 九", " ") {
		must(os.WriteFile(wave, wav(speak(word, 115), rate), 0o600))
		// a digit is shorter than a gating block of the loudness measure, so it is measured said many times over
		const again = "aresample=8000,apad=whole_len=8000,aloop=loop=9:size=8000"
		filter := strings.Replace(level(wave, again, loudDigit, 0.5), again, "aresample=8000", 1)
		run("ffmpeg", "-y", "-loglevel", "error", "-i", wave, "-af", filter, "-ac", "1", "-f", "s16le", fmt.Sprintf("demo/audio/digit_%d.pcm", n))
	}
}

func wav(pcm []byte, rate uint32) []byte {
	b := []byte("RIFF")
	b = binary.LittleEndian.AppendUint32(b, uint32(36+len(pcm)))
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate*2)
	b = append(b, 2, 0, 16, 0, 'd', 'a', 't', 'a')
	b = binary.LittleEndian.AppendUint32(b, uint32(len(pcm)))
	return append(b, pcm...)
}
