package provider

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	tus "github.com/tus/tusd/v2/pkg/handler"
	xslog "golang.org/x/exp/slog"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/media"
	"xueshi/internal/platform/httpx"
)

// uploadsPath speaks the tus protocol 1.0.0 (https://tus.io/protocols/resumable-upload): POST creates, PATCH sends, HEAD asks how far,
// DELETE gives up. Metadata: provider, filename, profile, lesson unless it is for the media library, and content (same or new; same
// when it is not said).
const uploadsPath = "/api/provider/uploads"

// uploads puts the resumable upload on mux. Who may do what is asked of media before tusd sees the request.
func (m Making) uploads(mux *http.ServeMux, api huma.API) {
	library := sync.OnceValues(m.newTus) // at the first request: the document is made without a disk
	for _, op := range []huma.Operation{
		{Method: http.MethodPost, Path: uploadsPath, Summary: "Begin a resumable upload (tus 1.0.0; Upload-Length, Upload-Metadata)"},
		{Method: http.MethodHead, Path: uploadsPath + "/{id}", Summary: "How far an upload is (tus 1.0.0)"},
		{Method: http.MethodPatch, Path: uploadsPath + "/{id}", Summary: "Send bytes of an upload (tus 1.0.0; application/offset+octet-stream, at most 16 MiB)"},
		{Method: http.MethodDelete, Path: uploadsPath + "/{id}", Summary: "Give an upload up (tus 1.0.0)"},
	} {
		op.Responses = map[string]*huma.Response{"default": {Description: "As tus 1.0.0 says; refusals are problems (RFC 9457)"}}
		httpx.Plain(mux, api, op, m.admit(library))
	}
}

// admit asks media before the library sees a request.
func (m Making) admit(library func() (http.Handler, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h, err := library()
		if err == nil {
			err = m.Media.MayUpload(r.Context(), r.PathValue("id"))
		}
		if err != nil {
			httpx.WriteProblem(w, r, err)
			return
		}
		http.StripPrefix(uploadsPath, h).ServeHTTP(&refusals{ResponseWriter: w, r: r}, r)
	}
}

func (m Making) newTus() (http.Handler, error) {
	composer := tus.NewStoreComposer()
	store := pieces{m.Media}
	composer.UseCore(store)
	composer.UseTerminater(store)
	return tus.NewHandler(tus.Config{
		StoreComposer: composer, BasePath: uploadsPath + "/", MaxSize: media.MaxUpload, DisableDownload: true, DisableConcatenation: true,
		Cors: &tus.CorsConfig{Disable: true}, Logger: xslog.New(xslog.NewTextHandler(io.Discard, nil)),
		PreUploadCreateCallback: m.begin,
	})
}

func (m Making) begin(e tus.HookEvent) (tus.HTTPResponse, tus.FileInfoChanges, error) {
	meta := e.Upload.MetaData
	if e.Upload.SizeIsDeferred {
		return tus.HTTPResponse{}, tus.FileInfoChanges{}, refuse(e.Context, errs.New(errs.Invalid, "media.upload_size", "max_gb", media.MaxUpload>>30))
	}
	uploadID, err := m.Media.BeginUpload(e.Context, media.Upload{ProviderID: meta["provider"], LessonID: meta["lesson"], Profile: media.Profile(meta["profile"]),
		Content: cmp.Or(media.Content(meta["content"]), media.SameContent), Name: meta["filename"], Bytes: e.Upload.Size})
	if err != nil {
		return tus.HTTPResponse{}, tus.FileInfoChanges{}, refuse(e.Context, err)
	}
	return tus.HTTPResponse{}, tus.FileInfoChanges{ID: uploadID}, nil
}

// refuse hands our refusal through tusd, as the problem it is.
func refuse(ctx context.Context, err error) error {
	status, body := httpx.ProblemOf(ctx, err)
	e := tus.NewError("refused", err.Error(), status)
	e.HTTPResponse.Body, e.HTTPResponse.Header = body, tus.HTTPHeader{"Content-Type": "application/problem+json"}
	return e
}

// refusals turns what tusd itself refuses in plain text into problems.
type refusals struct {
	http.ResponseWriter
	r    *http.Request
	mute bool
}

// tusRefusals are our codes for its statuses.
var tusRefusals = map[int]*errs.Error{
	http.StatusNotFound: errs.New(errs.NotFound, "media.no_upload"), http.StatusGone: errs.New(errs.NotFound, "media.no_upload"),
	http.StatusConflict:              errs.New(errs.Conflict, "media.upload_offset"),
	http.StatusNotImplemented:        errs.New(errs.Invalid, "media.upload_size", "max_gb", media.MaxUpload>>30), // a length that comes later
	http.StatusRequestEntityTooLarge: errs.New(errs.Invalid, "media.upload_size", "max_gb", media.MaxUpload>>30),
}

// WriteHeader implements http.ResponseWriter.
func (w *refusals) WriteHeader(status int) {
	if status < 400 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.mute = true
	w.Header().Del("Content-Length")
	err := tusRefusals[status]
	if err == nil {
		err = errs.New(errs.Invalid, "media.upload_protocol")
	}
	if w.r.Method == http.MethodHead {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	httpx.WriteProblemAs(w.ResponseWriter, w.r, status, err)
}

// Write implements http.ResponseWriter.
func (w *refusals) Write(b []byte) (int, error) {
	if w.mute {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets tusd move the read deadline of a slow sender.
func (w *refusals) Unwrap() http.ResponseWriter { return w.ResponseWriter }
