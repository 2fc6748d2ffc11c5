package public

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/identity"
	"xueshi/internal/platform/httpx"
)

// texts lets everybody read what people agree to, in every version that ever stood.
func (s Services) texts(api huma.API) {
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/public/texts/{document}", OperationID: "legal-text", Summary: "User agreement or privacy text"},
		func(ctx context.Context, in *struct {
			Document string `path:"document" enum:"agreement,privacy"`
			Version  string `query:"version" maxLength:"40" doc:"Empty: the newest"`
		}) (*httpx.Body[identity.LegalText], error) {
			t, err := s.Identity.LegalText(ctx, in.Document, in.Version)
			if err != nil {
				return nil, err
			}
			t.PublishedBy, t.PublishedByName = "", "" // of no concern to the public
			return httpx.OK(t)
		})
}
