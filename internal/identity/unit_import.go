package identity

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/org"
	"xueshi/internal/platform/sqldb"
)

// Bounds of one import, so that a hostile file costs little.
const (
	importBytes    = 2 << 20
	importUnzipped = 32 << 20
	importRows     = 5000
	importLife     = time.Hour
)

// ImportRow is one learner of a list: name, ID number, phone.
type ImportRow struct {
	Line     int    `json:"line"`
	Name     string `json:"name"`
	IDNumber string `json:"id_number"`
	Phone    string `json:"phone"`
}

// RowError says what is wrong with one line, without repeating it.
type RowError struct {
	Line  int    `json:"line" doc:"Line of the file, from 1"`
	Field string `json:"field" enum:"name,id_number,phone,row"`
	Code  string `json:"code" enum:"invalid,formula,duplicate,taken,columns"`
}

// ImportPreview is what an import would do.
type ImportPreview struct {
	ID     string      `json:"id" doc:"For the confirmation, within an hour"`
	Rows   []ImportRow `json:"rows" doc:"Valid rows, masked"`
	Errors []RowError  `json:"errors"`
}

// ParseImport reads a learners' list: XLSX (first sheet) or CSV (UTF-8 or GB 18030), columns name, ID number, phone; a first
// line without digits is a heading. Cells that spreadsheets would run as formulas are refused, since lists are exported again.
// Errors: Invalid "identity.import_file", "identity.import_size".
func ParseImport(content []byte, now time.Time) (rows []ImportRow, bad []RowError, err error) {
	if len(content) == 0 || len(content) > importBytes {
		return nil, nil, errs.New(errs.Invalid, "identity.import_size", "max_bytes", importBytes, "max_rows", importRows)
	}
	table, err := readTable(content)
	if err != nil {
		return nil, nil, errs.New(errs.Invalid, "identity.import_file").WithCause(err)
	}
	if len(table) > importRows+1 {
		return nil, nil, errs.New(errs.Invalid, "identity.import_size", "max_bytes", importBytes, "max_rows", importRows)
	}
	seen := map[string]bool{}
	for i, cells := range table {
		if heading := i == 0 && !strings.ContainsAny(strings.Join(cells, ""), "0123456789"); heading || strings.TrimSpace(strings.Join(cells, "")) == "" {
			continue
		}
		r, e := parseRow(i+1, cells, now)
		if e == nil {
			for field, v := range map[string]string{"id_number": r.IDNumber, "phone": r.Phone} {
				if seen[field+v] {
					e = &RowError{i + 1, field, "duplicate"}
				}
			}
		}
		if e != nil {
			bad = append(bad, *e)
			continue
		}
		seen["id_number"+r.IDNumber], seen["phone"+r.Phone] = true, true
		rows = append(rows, r)
	}
	return rows, bad, nil
}

func parseRow(line int, cells []string, now time.Time) (ImportRow, *RowError) {
	if len(cells) < 3 {
		return ImportRow{}, &RowError{line, "row", "columns"}
	}
	fields := []string{"name", "id_number", "phone"}
	for i, f := range fields {
		cells[i] = strings.Trim(cells[i], " \t\u3000\u00a0")
		if cells[i] != "" && strings.ContainsRune("=+-@\t\r", rune(cells[i][0])) {
			return ImportRow{}, &RowError{line, f, "formula"}
		}
	}
	r := ImportRow{line, cells[0], NormalIDNumber(cells[1]), cells[2]}
	for i, ok := range []bool{ValidName(r.Name), ValidIDNumber(r.IDNumber, now), ValidPhone(r.Phone)} {
		if !ok {
			return r, &RowError{line, fields[i], "invalid"}
		}
	}
	return r, nil
}

// readTable tells the kind of file by its content, never by its name.
func readTable(content []byte) (table [][]string, err error) {
	if bytes.HasPrefix(content, []byte("PK\x03\x04")) {
		return readSheet(content)
	}
	text := bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(text) {
		if text, err = simplifiedchinese.GB18030.NewDecoder().Bytes(text); err != nil {
			return nil, err
		}
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, errors.New("not a text file")
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	for len(table) <= importRows+1 {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return table, nil
		}
		if err != nil {
			return nil, err
		}
		table = append(table, cells)
	}
	return table, nil
}

func readSheet(content []byte) (table [][]string, err error) {
	defer func() { // the library reads hostile files; a panic in it is a bad file, not our fault
		if p := recover(); p != nil {
			table, err = nil, errors.New("unreadable workbook")
		}
	}()
	f, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{UnzipSizeLimit: importUnzipped, UnzipXMLSizeLimit: importUnzipped, RawCellValue: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	rows, err := f.Rows(f.GetSheetName(0))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() && len(table) <= importRows+1 {
		cells, err := rows.Columns()
		if err != nil {
			return nil, err
		}
		table = append(table, cells)
	}
	return table, rows.Error()
}

// PreviewImport checks a list of a unit's learners and keeps the valid rows, sealed, until they are confirmed.
// Errors: those of ParseImport; Forbidden "identity.scope_required".
func (s *Service) PreviewImport(ctx context.Context, unitID string, content []byte) (p ImportPreview, err error) {
	actor, err := RequireIn(ctx, unitID, UnitAdmin)
	if err != nil {
		return p, err
	}
	rows, bad, err := ParseImport(content, s.db.Clock().Now())
	if err != nil {
		return p, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		fresh, taken, err := s.freshTx(ctx, tx, rows)
		if err != nil {
			return err
		}
		p = ImportPreview{ID: id.New(tx.Now()), Rows: []ImportRow{}, Errors: append(append([]RowError{}, bad...), taken...)}
		for _, r := range fresh {
			p.Rows = append(p.Rows, ImportRow{r.Line, MaskName(r.Name), MaskIDNumber(r.IDNumber), MaskPhone(r.Phone)})
		}
		body, err := json.Marshal(fresh)
		if err != nil {
			return err
		}
		seal, err := s.keys.Seal(string(body), "import/"+p.ID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM unit_import WHERE confirmed_at = 0 AND created_at < $1`, tx.Now().Add(-importLife).UnixMicro()); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO unit_import (id, unit_id, account_id, rows_seal, created_at, confirmed_at) VALUES ($1, $2, $3, $4, $5, 0)`,
			p.ID, unitID, actor.AccountID, seal, tx.NowMicro())
		return err
	})
	return p, err
}

// freshTx parts rows whose ID number and phone have no account from those that have one.
func (s *Service) freshTx(ctx context.Context, tx *sqldb.Tx, rows []ImportRow) (fresh []ImportRow, taken []RowError, err error) {
	for _, r := range rows {
		idIndex, err1 := s.keys.Index("id_number", r.IDNumber)
		phoneIndex, err2 := s.keys.Index("phone", r.Phone)
		if err := errors.Join(err1, err2); err != nil {
			return nil, nil, err
		}
		byID, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM person WHERE id_number_index = $1`, idIndex)
		if err != nil {
			return nil, nil, err
		}
		byPhone, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM person WHERE phone_index = $1`, phoneIndex)
		if err != nil {
			return nil, nil, err
		}
		blocked := s.reusableTx(ctx, tx, r.IDNumber)
		switch {
		case byID > 0, errs.Has(blocked, "identity.closed_recently"):
			taken = append(taken, RowError{r.Line, "id_number", "taken"})
		case byPhone > 0:
			taken = append(taken, RowError{r.Line, "phone", "taken"})
		case blocked != nil:
			return nil, nil, blocked
		default:
			fresh = append(fresh, r)
		}
	}
	return fresh, taken, nil
}

// ConfirmImport makes the accounts of a preview: learners of the unit without a password, who first log in by SMS code and
// agree then. A confirmed import is not done twice. It returns how many were made and the rows taken meanwhile.
// Errors: NotFound "identity.no_import".
func (s *Service) ConfirmImport(ctx context.Context, importID string) (made int, taken []RowError, err error) {
	actor, err := Require(ctx, UnitAdmin)
	if err != nil {
		return 0, nil, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		made = 0
		unitID, rows, err := s.takeImportTx(ctx, tx, actor, importID)
		if err != nil {
			return err
		}
		unit, err := org.UnitTx(ctx, tx, unitID)
		if err != nil {
			return err
		}
		var fresh []ImportRow
		if fresh, taken, err = s.freshTx(ctx, tx, rows); err != nil {
			return err
		}
		for _, r := range fresh {
			if _, err := s.CreatePersonTx(ctx, tx, NewPerson{Name: r.Name, IDNumber: r.IDNumber, Phone: r.Phone,
				RegionID: unit.RegionID, UnitID: unit.ID, Grants: []Grant{{Role: Learner}}}); err != nil {
				return err
			}
			made++
		}
		return AuditTx(ctx, tx, "identity.imported", "unit/"+unitID, map[string]any{"made": made, "taken": len(taken)})
	})
	return made, taken, err
}

// takeImportTx takes a preview of the actor's own out of waiting and shreds its sealed rows.
func (s *Service) takeImportTx(ctx context.Context, tx *sqldb.Tx, actor Actor, importID string) (unitID string, rows []ImportRow, err error) {
	var seal []byte
	_, ok, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (struct{}, error) { return struct{}{}, row.Scan(&unitID, &seal) },
		`SELECT unit_id, rows_seal FROM unit_import WHERE id = $1 AND account_id = $2 AND confirmed_at = 0 AND created_at > $3`,
		importID, actor.AccountID, tx.Now().Add(-importLife).UnixMicro())
	if err != nil {
		return "", nil, err
	}
	if !ok || !actor.Has(UnitAdmin, unitID) {
		return "", nil, errs.New(errs.NotFound, "identity.no_import")
	}
	body, err := s.keys.Unseal(seal, "import/"+importID)
	if err != nil {
		return "", nil, err
	}
	if err := json.Unmarshal([]byte(body), &rows); err != nil {
		return "", nil, err
	}
	_, err = tx.Exec(ctx, `UPDATE unit_import SET confirmed_at = $1, rows_seal = $2 WHERE id = $3`, tx.NowMicro(), []byte{}, importID)
	return unitID, rows, err
}
