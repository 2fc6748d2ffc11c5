// Package learner is the learner's portal: home, study, archive, account.
package learner

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/classroom"
	"xueshi/internal/credit"
	"xueshi/internal/enrolment"
	"xueshi/internal/fault"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/notify"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/platform/ledger"
	"xueshi/internal/playback"
	"xueshi/internal/portal/session"
)

// Services are the use cases this portal offers.
type Services struct {
	Identity  *identity.Service
	Enrolment *enrolment.Service
	Playback  *playback.Service
	Credit    *credit.Service
	Notify    *notify.Service
	Classroom *classroom.Service
	Fault     *fault.Service
	Lessons   LessonPages
	Signer    *ledger.Signer
	Clock     clock.Clock
	Cookies   session.Cookies
}

// Register puts the portal on api; the heartbeat stands on mux itself, for speed, and in the document.
func Register(mux *http.ServeMux, api huma.API, s Services) {
	s.home(api)
	RegisterAccount(api, s.Identity, s.Cookies)
	s.playback(mux, api)
	s.appeals(api)
	RegisterMessages(api, s.Notify)
	RegisterClassroom(api, s.Classroom)
	RegisterFaults(api, s.Fault)
	httpx.Plain(mux, api, huma.Operation{Method: http.MethodGet, Path: "/api/learner/archive.xlsx", Summary: "The archive as a sheet for printing and filing",
		Parameters: []*huma.Param{{Name: "year", In: "query", Schema: &huma.Schema{Type: "integer"}, Description: "Credit year; 0 = the present one"}},
		Responses:  httpx.FileAnswer("A workbook, A4 landscape", sheetType)}, s.sheet)
}

type yearIn struct {
	Year int64 `query:"year" minimum:"0" maximum:"2100" doc:"Credit year; 0 = the present one"`
}

func (s Services) home(api huma.API) {
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/learner/home", Summary: "The learner's first page"},
		func(ctx context.Context, in *yearIn) (*httpx.Body[credit.Home], error) {
			h, err := s.Credit.Home(ctx, in.Year, s.Playback)
			if err != nil {
				return nil, err
			}
			return httpx.OK(h)
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/learner/archive", Summary: "The learner's file of a year (Order 25)"},
		func(ctx context.Context, in *yearIn) (*httpx.Body[credit.Archive], error) {
			a, err := s.Credit.Archive(ctx, in.Year)
			if err != nil {
				return nil, err
			}
			return httpx.OK(a)
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/learner/evidence", Summary: "The learner's own evidence, to be checked without us"},
		func(ctx context.Context, _ *struct{}) (*httpx.Body[credit.Bundle], error) {
			b, err := s.Credit.Evidence(ctx, s.Signer)
			if err != nil {
				return nil, err
			}
			return httpx.OK(b)
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: "/api/learner/enrolments", Summary: "Enrol in a free course"},
		func(ctx context.Context, in *struct {
			Body struct {
				CourseID string `json:"course_id" maxLength:"40"`
			}
		}) (*httpx.Body[enrolment.Enrolment], error) {
			e, err := s.Enrolment.Enrol(ctx, in.Body.CourseID)
			if err != nil {
				return nil, err
			}
			return httpx.OK(e)
		})
}

const sheetType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// sheet is the archive as a spreadsheet, for printing and filing.
func (s Services) sheet(w http.ResponseWriter, r *http.Request) {
	year, _ := strconv.ParseInt(r.URL.Query().Get("year"), 10, 64) // 0 = the present year
	a, err := s.Credit.Archive(r.Context(), year)
	if err != nil {
		httpx.WriteProblem(w, r, err)
		return
	}
	var b bytes.Buffer
	if err := a.WriteSheet(&b, s.Clock.Now()); err != nil {
		httpx.WriteProblem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", sheetType)
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=xueshi-archive-%d.xlsx", a.Summary.Year))
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(b.Bytes())
}
