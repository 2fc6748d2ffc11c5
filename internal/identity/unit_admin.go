package identity

import (
	"bytes"
	"context"
	"errors"

	"github.com/xuri/excelize/v2"

	"xueshi/internal/platform/sqldb"
)

// AdminUnit is a unit whose administrator the actor is.
type AdminUnit struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	RegionID string `json:"region_id"`
	Waiting  int64  `json:"waiting" doc:"Requests that wait for a decision"`
}

// OwnUnits lists the units whose administrator the actor is, by name, at most 100.
func (s *Service) OwnUnits(ctx context.Context) (out []AdminUnit, err error) {
	actor, err := Require(ctx, UnitAdmin)
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (u AdminUnit, err error) {
			return u, row.Scan(&u.ID, &u.Name, &u.RegionID, &u.Waiting)
		}, `SELECT u.id, u.name, u.region_id, (SELECT count(*) FROM identity_request r WHERE r.unit_id = u.id AND r.state = 'pending')
			FROM role_grant g JOIN unit u ON u.id = g.scope WHERE g.person_id = $1 AND g.role = 'unit_admin' ORDER BY u.name LIMIT 100`, actor.PersonID)
		return err
	})
	return out, err
}

// ImportTemplate is an empty learners' list as a workbook. Its columns are text: as numbers, spreadsheets would round ID numbers.
func ImportTemplate() (content []byte, err error) {
	const sheet = "学员"
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	text, err1 := f.NewStyle(&excelize.Style{NumFmt: 49})
	bold, err2 := f.NewStyle(&excelize.Style{NumFmt: 49, Font: &excelize.Font{Bold: true}})
	var b bytes.Buffer
	err = errors.Join(err1, err2,
		f.SetSheetName("Sheet1", sheet),
		f.SetSheetRow(sheet, "A1", &[]string{"姓名", "身份证号", "手机号"}),
		f.SetColStyle(sheet, "A:C", text),
		f.SetCellStyle(sheet, "A1", "C1", bold),
		f.SetColWidth(sheet, "A", "A", 16),
		f.SetColWidth(sheet, "B", "C", 24),
		f.SetPanes(sheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}),
		f.Write(&b))
	return b.Bytes(), err
}
