package provider

import (
	"cmp"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/catalog"
	"xueshi/internal/media"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/portal/coursefile"
)

// Making is what courseware is made with.
type Making struct {
	Catalog *catalog.Service
	Media   *media.Service
}

const base = "/api/provider/providers/{provider}/"

// CourseRef names one of the provider's courses.
type CourseRef struct {
	Scope
	Course string `path:"course" maxLength:"40"`
}

// LessonRef names one of the provider's lessons.
type LessonRef struct {
	Scope
	Lesson string `path:"lesson" maxLength:"40"`
}

// RevisionRef names one revision of a lesson's courseware.
type RevisionRef struct {
	LessonRef
	Rev int64 `path:"rev" minimum:"1"`
}

// RegisterMaking puts the making of courses on api: editing, uploading, inspection, review, publication.
func RegisterMaking(mux *http.ServeMux, api huma.API, m Making) {
	m.editing(api)
	m.lessons(api)
	m.courseware(api)
	m.library(api)
	httpx.Plain(mux, api, huma.Operation{Method: http.MethodGet, Path: base + "lessons/{lesson}/courseware/{rev}/files/{file...}",
		Summary:   "A file of a revision before publication: playlist, segments, poster, pictures of the report (report/NAME)",
		Responses: coursefile.Answer()}, m.file)
	m.uploads(mux, api)
}

func done(err error) (*struct{}, error) { return nil, err }

func (m Making) editing(api huma.API) {
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: base + "courses", Summary: "Begin a course as a draft", DefaultStatus: 201},
		func(ctx context.Context, in *struct {
			Scope
			Body catalog.CourseDraft
		}) (*httpx.Body[catalog.Course], error) {
			c, err := m.Catalog.CreateCourse(ctx, in.Provider, in.Body)
			if err != nil {
				return nil, err
			}
			return httpx.OK(c)
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPut, Path: base + "courses/{course}", Summary: "Change what stands about a course"},
		func(ctx context.Context, in *struct {
			CourseRef
			Body catalog.CourseDraft
		}) (*struct{}, error) {
			return done(m.Catalog.EditCourse(ctx, in.Provider, in.Course, in.Body))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: base + "courses/{course}/move", Summary: "Submit, recall, publish, withdraw or restore a course"},
		func(ctx context.Context, in *struct {
			CourseRef
			Body struct {
				Move string `json:"move" enum:"submit,recall,publish,withdraw,restore"`
			}
		}) (*struct{}, error) {
			return done(m.Catalog.Move(ctx, in.Provider, in.Course, in.Body.Move))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "courses/{course}/lessons", Summary: "A course's lessons as they are worked on"},
		func(ctx context.Context, in *struct{ CourseRef }) (*httpx.Body[catalog.CourseDrafts], error) {
			d, err := m.Catalog.Drafts(ctx, in.Provider, in.Course)
			if err != nil {
				return nil, err
			}
			d.Items = orEmpty(d.Items)
			return httpx.OK(d)
		})
}

func (m Making) lessons(api huma.API) {
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: base + "courses/{course}/lessons", Summary: "Add a lesson to a draft", DefaultStatus: 201},
		func(ctx context.Context, in *struct {
			CourseRef
			Body catalog.LessonText
		}) (*httpx.Body[struct {
			ID string `json:"id"`
		}], error) {
			lessonID, err := m.Catalog.AddLesson(ctx, in.Provider, in.Course, in.Body)
			if err != nil {
				return nil, err
			}
			return httpx.OK(struct {
				ID string `json:"id"`
			}{lessonID})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPut, Path: base + "courses/{course}/order", Summary: "Number a draft's lessons anew"},
		func(ctx context.Context, in *struct {
			CourseRef
			Body struct {
				Lessons []string `json:"lessons" maxItems:"200"`
			}
		}) (*struct{}, error) {
			return done(m.Catalog.OrderLessons(ctx, in.Provider, in.Course, in.Body.Lessons))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodDelete, Path: base + "courses/{course}/lessons/{lesson}", Summary: "Take a lesson out of a draft"},
		func(ctx context.Context, in *struct {
			CourseRef
			Lesson string `path:"lesson" maxLength:"40"`
		}) (*struct{}, error) {
			return done(m.Catalog.RemoveLesson(ctx, in.Provider, in.Course, in.Lesson))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPut, Path: base + "lessons/{lesson}", Summary: "Change a lesson's texts"},
		func(ctx context.Context, in *struct {
			LessonRef
			Body catalog.LessonText
		}) (*struct{}, error) {
			return done(m.Catalog.EditLesson(ctx, in.Provider, in.Lesson, in.Body))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPut, Path: base + "lessons/{lesson}/questions", Summary: "Replace a lesson's content questions"},
		func(ctx context.Context, in *struct {
			LessonRef
			Body struct {
				Questions []catalog.QuestionDraft `json:"questions" maxItems:"100"`
			}
		}) (*struct{}, error) {
			return done(m.Catalog.SetQuestions(ctx, in.Provider, in.Lesson, in.Body.Questions))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: base + "lessons/{lesson}/courseware", Summary: "Take a file of the media library as the lesson's newest revision"},
		func(ctx context.Context, in *struct {
			LessonRef
			Body struct {
				OriginalID string        `json:"original_id" maxLength:"40"`
				Profile    media.Profile `json:"profile" enum:"video,slides"`
				Content    media.Content `json:"content,omitempty" enum:"same,new" doc:"Whether it holds what the lesson holds already; empty = same"`
			}
		}) (*struct{}, error) {
			return done(m.Catalog.Take(ctx, in.Provider, in.Lesson, in.Body.OriginalID, in.Body.Profile, cmp.Or(in.Body.Content, media.SameContent)))
		})
}

func (m Making) courseware(api huma.API) {
	const one = base + "lessons/{lesson}/courseware/{rev}"
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: one, Summary: "One revision with its report, sign-off and preview"},
		func(ctx context.Context, in *RevisionRef) (*httpx.Body[catalog.CoursewareReport], error) {
			r, err := m.Catalog.Inspected(ctx, in.Provider, in.Lesson, in.Rev)
			if err != nil {
				return nil, err
			}
			return httpx.OK(r)
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: one + "/repair", Summary: "Ask for a mended copy as the newest revision", DefaultStatus: 202},
		func(ctx context.Context, in *RevisionRef) (*struct{}, error) {
			return done(m.Catalog.Repair(ctx, in.Provider, in.Lesson, in.Rev))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: one + "/inspect", Summary: "Ask for another report under the policy in force", DefaultStatus: 202},
		func(ctx context.Context, in *RevisionRef) (*struct{}, error) {
			return done(m.Catalog.Reinspect(ctx, in.Provider, in.Lesson, in.Rev))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPut, Path: one + "/captions", Summary: "Set a revision's captions (WebVTT)", MaxBodyBytes: 3 << 20},
		func(ctx context.Context, in *struct {
			RevisionRef
			Body struct {
				VTT string `json:"vtt" maxLength:"2097152"`
			}
		}) (*struct{}, error) {
			return done(m.Catalog.SetCaptions(ctx, in.Provider, in.Lesson, in.Rev, in.Body.VTT))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: one + "/review", Summary: "Sign a revision off, or refuse it"},
		func(ctx context.Context, in *struct {
			RevisionRef
			Body catalog.Review
		}) (*struct{}, error) {
			return done(m.Catalog.Review(ctx, in.Provider, in.Lesson, in.Rev, in.Body))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: one + "/publish", Summary: "Put a signed-off revision before the learners of a published course"},
		func(ctx context.Context, in *RevisionRef) (*struct{}, error) {
			return done(m.Catalog.PublishLesson(ctx, in.Provider, in.Lesson, in.Rev))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "reviews", Summary: "Revisions that wait for a reviewer"},
		func(ctx context.Context, in *struct {
			Scope
			httpx.Paging
		}) (*httpx.Body[httpx.Page[catalog.ReviewRow]], error) {
			items, next, err := m.Catalog.Waiting(ctx, in.Provider, in.After, in.Limit)
			if err != nil {
				return nil, err
			}
			return httpx.OK(httpx.Page[catalog.ReviewRow]{Items: orEmpty(items), Next: next})
		})
}

func (m Making) library(api huma.API) {
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "originals", Summary: "The provider's media library, the newest first"},
		func(ctx context.Context, in *struct {
			Scope
			httpx.Paging
		}) (*httpx.Body[httpx.Page[media.Original]], error) {
			items, next, err := m.Media.Originals(ctx, in.Provider, in.After, in.Limit)
			if err != nil {
				return nil, err
			}
			return httpx.OK(httpx.Page[media.Original]{Items: orEmpty(items), Next: next})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "uploads", Summary: "Uploads of the provider and what became of them, the newest first"},
		func(ctx context.Context, in *struct {
			Scope
			httpx.Paging
		}) (*httpx.Body[httpx.Page[media.Upload]], error) {
			items, next, err := m.Media.Uploads(ctx, in.Provider, in.After, in.Limit)
			if err != nil {
				return nil, err
			}
			return httpx.OK(httpx.Page[media.Upload]{Items: orEmpty(items), Next: next})
		})
}

func orEmpty[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// file serves a file of a revision to a member of its provider, who may look before learners can.
func (m Making) file(w http.ResponseWriter, r *http.Request) {
	provider, lesson := r.PathValue("provider"), r.PathValue("lesson")
	coursefile.Serve(w, r, coursefile.Source{
		Playlist: func(ctx context.Context, rev int64, name string) (string, error) {
			return m.Catalog.Playlist(ctx, provider, lesson, rev, name)
		},
		File: func(ctx context.Context, rev int64, name string) (blob.File, error) {
			return m.Catalog.File(ctx, provider, lesson, rev, name)
		},
	})
}
