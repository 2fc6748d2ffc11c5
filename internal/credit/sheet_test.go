package credit

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

func TestSheetHoldsTheLedgerAndNoFormula(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 20, 0, 0, 0, time.UTC) // the 25th in Shanghai
	a := Archive{Name: "=1+1", IDNumberMask: "1409**********0011", Unit: "@unit", Summary: Summary{Year: 2026, NeedTenths: 900, ProfessionalNeed: 600, PublicTenths: 4, ProfessionalTenths: 135},
		Records: []Record{{No: 7, Subject: "professional", Form: "distance", Content: "ZY-1", Result: "completed", Hours: "13.5", Source: "platform", Hash: strings.Repeat("ab", 32), CompletedAt: at}}}
	var b bytes.Buffer
	if err := a.WriteSheet(&b, at); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := f.GetRows("Sheet1")
	if err != nil || len(rows) != 7 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if r := rows[3]; r[0] != "7" || r[1] != "2026-11-25" || r[4] != "ZY-1" || r[7] != "13.5" || r[9] != "abababababab" {
		t.Errorf("row %v", r)
	}
	if rows[4][7] != "13.9" {
		t.Errorf("total %v", rows[4])
	}
	for _, r := range rows {
		for _, c := range r {
			if strings.HasPrefix(c, "=") || strings.HasPrefix(c, "@") {
				t.Errorf("a cell that a spreadsheet would run: %q", c)
			}
		}
	}
}
