package app

import (
	"bytes"
	"encoding/json"
	"net/http"

	"xueshi/internal/platform/httpx"
	"xueshi/internal/portal/learner"
	mediaportal "xueshi/internal/portal/media"
	"xueshi/internal/portal/operator"
	"xueshi/internal/portal/public"
	"xueshi/internal/portal/unit"
)

// OpenAPI is the document of all portals, indented, for the web client to be generated from.
func OpenAPI() ([]byte, error) {
	mux := http.NewServeMux()
	api := httpx.New(mux, Version)
	public.Register(api, public.Services{})
	learner.Register(mux, api, learner.Services{})
	unit.RegisterAccount(api, nil)
	operator.RegisterAccount(api, nil)
	operator.RegisterDesk(api, operator.Desk{})
	mediaportal.Register(mux, api, mediaportal.Services{})
	operator.RegisterGateways(api, nil, nil)
	raw, err := json.Marshal(api.OpenAPI())
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = json.Indent(&b, raw, "", " ")
	b.WriteByte('\n')
	return b.Bytes(), err
}
