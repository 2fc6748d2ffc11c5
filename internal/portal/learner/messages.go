package learner

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/notify"
	"xueshi/internal/platform/httpx"
)

// Unread is what the bell shows.
type Unread struct {
	Unread int64 `json:"unread" doc:"At most 100"`
}

// RegisterMessages registers the message centre; everybody who is logged in has one.
func RegisterMessages(api huma.API, svc *notify.Service) {
	const base = "/api/learner/messages"
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base, Summary: "Own messages, the newest first"},
		func(ctx context.Context, in *httpx.Paging) (*httpx.Body[notify.Inbox], error) {
			return answer(svc.Inbox(ctx, in.After, in.Limit))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "/unread", Summary: "Number of unread messages"},
		func(ctx context.Context, _ *struct{}) (*httpx.Body[Unread], error) {
			n, err := svc.Unread(ctx)
			return answer(Unread{n}, err)
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: base + "/{id}/read", Summary: "Mark a message as read", DefaultStatus: 204},
		func(ctx context.Context, in *byID) (*struct{}, error) { return nil, svc.Read(ctx, in.ID) })
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: base + "/read-all", Summary: "Mark all messages seen so far as read", DefaultStatus: 204},
		func(ctx context.Context, in *struct {
			Body struct {
				Until string `json:"until" maxLength:"40" doc:"Id of the newest message seen"`
			}
		}) (*struct{}, error) {
			return nil, svc.ReadAll(ctx, in.Body.Until)
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "/preferences", Summary: "What to be told"},
		func(ctx context.Context, _ *struct{}) (*httpx.Body[notify.Preferences], error) {
			return answer(svc.Preferences(ctx))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPut, Path: base + "/preferences", Summary: "Change what to be told", DefaultStatus: 204},
		func(ctx context.Context, in *struct{ Body notify.Preferences }) (*struct{}, error) {
			return nil, svc.SetPreferences(ctx, in.Body)
		})
}

// answer wraps what a use case gives.
func answer[T any](v T, err error) (*httpx.Body[T], error) {
	if err != nil {
		return nil, err
	}
	return httpx.OK(v)
}

// answerPage wraps a page of a list.
func answerPage[T any](items []T, next string, err error) (*httpx.Body[httpx.Page[T]], error) {
	return answer(httpx.Page[T]{Items: items, Next: next}, err)
}
