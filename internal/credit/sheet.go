package credit

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/xuri/excelize/v2"

	"xueshi/internal/catalog"
	"xueshi/internal/kernel/civil"
)

//go:embed archive.zh-CN.json
var sheetTexts []byte

type texts struct {
	Title, Year, Name, Unit, Public, Professional, Distance, Completed, Platform, Seed, Correction, Total, Need, Source, Made, Note string
	IDNumber                                                                                                                        string `json:"id_number"`
	ProfessionalNeed                                                                                                                string `json:"professional_need"`
	Columns                                                                                                                         []string
}

// WriteSheet writes the archive as an A4 sheet that can be printed, signed and filed: Order 25's four fields in each row.
func (a *Archive) WriteSheet(w io.Writer, at time.Time) (err error) {
	var t texts
	if err := json.Unmarshal(sheetTexts, &t); err != nil {
		return err
	}
	f := excelize.NewFile()
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	const sheet = "Sheet1"
	s := &sheetWriter{f: f, sheet: sheet}
	s.style()
	s.row(s.title, t.Title)
	s.merge("A1", "J1")
	s.row(s.plain, t.Year, fmt.Sprint(a.Summary.Year), "", t.Name, safe(a.Name), t.IDNumber, a.IDNumberMask, t.Unit, safe(a.Unit))
	head := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = c
	}
	s.row(s.head, head...)
	words := map[string]string{"public": t.Public, "professional": t.Professional, "distance": t.Distance, "completed": t.Completed, "platform": t.Platform, "seed": t.Seed, "correction": t.Correction}
	for _, r := range a.Records {
		s.row(s.cell, r.No, civil.DateOf(r.CompletedAt, civil.Shanghai).String(), words[r.Subject], words[r.Form], safe(r.Content), safe(r.Provider), words[r.Result],
			r.Hours, words[r.Source], r.Hash[:min(12, len(r.Hash))])
	}
	s.row(s.head, t.Total, "", "", "", "", "", "", catalog.Hours(a.Summary.PublicTenths+a.Summary.ProfessionalTenths), "", "")
	s.row(s.plain, t.Need, catalog.Hours(a.Summary.NeedTenths), "", t.ProfessionalNeed, catalog.Hours(a.Summary.ProfessionalNeed), t.Source, safe(a.Summary.LegalSource))
	s.row(s.plain, t.Made, civil.DateOf(at, civil.Shanghai).String(), "", t.Note)
	s.page()
	if s.err != nil {
		return s.err
	}
	return f.Write(w)
}

// safe keeps a spreadsheet program from taking a text for a formula.
func safe(text string) string {
	if text != "" && (text[0] == '=' || text[0] == '+' || text[0] == '-' || text[0] == '@') {
		return "'" + text
	}
	return text
}

// sheetWriter writes rows one after another and keeps the first error.
type sheetWriter struct {
	f                        *excelize.File
	sheet                    string
	at                       int
	title, head, cell, plain int
	err                      error
}

func (s *sheetWriter) keep(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *sheetWriter) style() {
	make := func(st *excelize.Style) (n int) {
		n, err := s.f.NewStyle(st)
		s.keep(err)
		return n
	}
	var box []excelize.Border
	for _, side := range []string{"left", "top", "right", "bottom"} {
		box = append(box, excelize.Border{Type: side, Color: "75838A", Style: 1})
	}
	s.title = make(&excelize.Style{Font: &excelize.Font{Bold: true, Size: 16}, Alignment: &excelize.Alignment{Horizontal: "center"}})
	s.head = make(&excelize.Style{Font: &excelize.Font{Bold: true}, Border: box, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}})
	s.cell = make(&excelize.Style{Border: box, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}})
	s.plain = make(&excelize.Style{Alignment: &excelize.Alignment{Vertical: "center"}})
}

func (s *sheetWriter) row(style int, values ...any) {
	s.at++
	first, err := excelize.CoordinatesToCellName(1, s.at)
	s.keep(err)
	last, err := excelize.CoordinatesToCellName(max(1, len(values)), s.at)
	s.keep(err)
	s.keep(s.f.SetSheetRow(s.sheet, first, &values))
	s.keep(s.f.SetCellStyle(s.sheet, first, last, style))
}

func (s *sheetWriter) merge(from, to string) { s.keep(s.f.MergeCell(s.sheet, from, to)) }

// page sets A4 landscape, one page wide, the column heads repeated on every page.
func (s *sheetWriter) page() {
	for col, width := range map[string]float64{"A": 8, "B": 12, "C": 10, "D": 10, "E": 34, "F": 14, "G": 8, "H": 8, "I": 12, "J": 16} {
		s.keep(s.f.SetColWidth(s.sheet, col, col, width))
	}
	a4, wide, tall, landscape, fit := 9, 1, 0, "landscape", true
	s.keep(s.f.SetPageLayout(s.sheet, &excelize.PageLayoutOptions{Size: &a4, Orientation: &landscape, FitToWidth: &wide, FitToHeight: &tall}))
	s.keep(s.f.SetSheetProps(s.sheet, &excelize.SheetPropsOptions{FitToPage: &fit}))
	s.keep(s.f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: s.sheet + "!$3:$3", Scope: s.sheet}))
}
