package provider

import (
	"context"
	"io"
	"strings"

	tus "github.com/tus/tusd/v2/pkg/handler"

	"xueshi/internal/media"
)

// pieces is media's uploads as the tus library sees them. It needs no lock: of two requests that send the same piece, media takes one.
type pieces struct{ media *media.Service }

type upload struct {
	pieces
	info tus.FileInfo
}

// NewUpload implements tus.DataStore; media knows the upload already (begin).
func (p pieces) NewUpload(_ context.Context, info tus.FileInfo) (tus.Upload, error) {
	return &upload{p, info}, nil
}

// GetUpload implements tus.DataStore.
func (p pieces) GetUpload(ctx context.Context, uploadID string) (tus.Upload, error) {
	received, total, err := p.media.Progress(ctx, uploadID)
	if err != nil {
		return nil, refuse(ctx, err)
	}
	return &upload{p, tus.FileInfo{ID: uploadID, Size: total, Offset: received}}, nil
}

// GetInfo implements tus.Upload.
func (u *upload) GetInfo(context.Context) (tus.FileInfo, error) { return u.info, nil }

// WriteChunk implements tus.Upload.
func (u *upload) WriteChunk(ctx context.Context, offset int64, src io.Reader) (int64, error) {
	n, err := u.media.Receive(ctx, u.info.ID, offset, src)
	if err != nil {
		err = refuse(ctx, err)
	}
	return n, err
}

// GetReader implements tus.Upload; nothing is given back (DisableDownload).
func (u *upload) GetReader(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("")), nil
}

// FinishUpload implements tus.Upload: the last piece has ended it.
func (u *upload) FinishUpload(context.Context) error { return nil }

// AsTerminatableUpload implements tus.TerminaterDataStore.
func (p pieces) AsTerminatableUpload(u tus.Upload) tus.TerminatableUpload { return u.(*upload) }

// Terminate implements tus.TerminatableUpload.
func (u *upload) Terminate(ctx context.Context) error {
	if err := u.media.GiveUp(ctx, u.info.ID); err != nil {
		return refuse(ctx, err)
	}
	return nil
}
