package playback

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// Digits are the spoken digits 0-9 as raw 16-bit mono PCM at 8 kHz.
type Digits *[10][]byte

// glyphs are the digits as 5×7 dots, a row each.
var glyphs = [10][7]byte{
	{0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e}, {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e},
	{0x0e, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1f}, {0x1f, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0e},
	{0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02}, {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e},
	{0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e}, {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08},
	{0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e}, {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c},
}

// CodeImage is the PNG of a code task's digits for the learner whose check is due.
func (s *Service) CodeImage(ctx context.Context, checkID string, no int) ([]byte, error) {
	code, err := s.dueCode(ctx, checkID, no)
	if err != nil {
		return nil, err
	}
	const dot, gap = 8, 12
	w, h := len(code)*(5*dot+gap)+gap, 7*dot+2*gap
	img := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.RGBA{0xf6, 0xf7, 0xf4, 255}, color.RGBA{0x0b, 0x2c, 0x3b, 255}})
	for i, d := range code {
		for y, row := range glyphs[d-'0'] {
			for x := range 5 {
				if row>>(4-x)&1 == 1 {
					fill(img, gap+i*(5*dot+gap)+x*dot, gap+y*dot, dot-1)
				}
			}
		}
	}
	var b bytes.Buffer
	err = png.Encode(&b, img)
	return b.Bytes(), err
}

func fill(img *image.Paletted, x0, y0, n int) {
	for y := y0; y < y0+n; y++ {
		for x := x0; x < x0+n; x++ {
			img.SetColorIndex(x, y, 1)
		}
	}
}

// CodeAudio is the WAV of a code task's digits, for learners who cannot see the picture.
func (s *Service) CodeAudio(ctx context.Context, checkID string, no int) ([]byte, error) {
	code, err := s.dueCode(ctx, checkID, no)
	if err != nil {
		return nil, err
	}
	if s.digits == nil {
		return nil, errs.New(errs.NotFound, "playback.no_audio")
	}
	pause := make([]byte, 8000) // half a second
	var pcm []byte
	for _, d := range code {
		pcm = append(append(pcm, s.digits[d-'0']...), pause...)
	}
	return wav(pcm), nil
}

// wav wraps 8 kHz 16-bit mono PCM.
func wav(pcm []byte) []byte {
	b := []byte("RIFF")
	b = binary.LittleEndian.AppendUint32(b, uint32(36+len(pcm)))
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	b = binary.LittleEndian.AppendUint32(b, 8000)
	b = binary.LittleEndian.AppendUint32(b, 16000)
	b = append(b, 2, 0, 16, 0, 'd', 'a', 't', 'a')
	b = binary.LittleEndian.AppendUint32(b, uint32(len(pcm)))
	return append(b, pcm...)
}

func (s *Service) dueCode(ctx context.Context, checkID string, no int) (code string, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return "", err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		c, found, err := loadCheck(ctx, tx, checkID, actor.PersonID)
		if err != nil {
			return err
		}
		if !found || no < 0 || no >= len(c.tasks) || c.tasks[no].Kind != KindCode {
			return errs.New(errs.NotFound, "playback.check_gone")
		}
		code = s.code(c.id, c.nonce, no)
		return nil
	})
	return code, err
}
