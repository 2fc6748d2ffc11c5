package identity

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"xueshi/internal/kernel/civil"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// AuditEntry is one row of the audit trail as an operator reads it.
type AuditEntry struct {
	ID          string         `json:"id"`
	At          time.Time      `json:"at"`
	AccountID   string         `json:"account_id" doc:"Who did it; a name like job:closing or demo is the system itself"`
	AccountName string         `json:"account_name" doc:"Masked; empty for the system"`
	Action      string         `json:"action"`
	Object      string         `json:"object"`
	ObjectName  string         `json:"object_name" doc:"Masked name of the person acted on; empty for other objects"`
	Detail      map[string]any `json:"detail"`
}

// AuditFilter narrows the audit trail; empty members do not.
type AuditFilter struct {
	Account, Object, Action string
	From, To                string // calendar days in Shanghai, both included
}

// AuditLog lists the audit trail, the newest first. next is the cursor of the page after, empty at the end.
// Errors: Invalid "identity.audit_filter" with fields.
func (s *Service) AuditLog(ctx context.Context, f AuditFilter, after string, limit int) (out []AuditEntry, next string, err error) {
	if _, err := Require(ctx, Operator); err != nil {
		return nil, "", err
	}
	where, args, err := f.where(after)
	if err != nil {
		return nil, "", err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, scanAudit, `SELECT id, at, account_id, action, object, detail FROM audit_entry`+where+
			` ORDER BY at DESC, id DESC LIMIT $`+strconv.Itoa(len(args)+1), append(args, limit)...)
		if err != nil {
			return err
		}
		return nameTx(ctx, tx, out)
	})
	if err == nil && len(out) == limit {
		last := out[len(out)-1]
		next = strconv.FormatInt(last.At.UnixMicro(), 10) + "." + last.ID
	}
	return out, next, err
}

// where is the filter as SQL with its arguments.
func (f AuditFilter) where(after string) (string, []any, error) {
	e := errs.New(errs.Invalid, "identity.audit_filter")
	var conds []string
	var args []any
	add := func(cond string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			cond = strings.Replace(cond, "?", "$"+strconv.Itoa(len(args)), 1)
		}
		conds = append(conds, cond)
	}
	for _, c := range []struct{ column, value string }{{"account_id", f.Account}, {"object", f.Object}, {"action", f.Action}} {
		if c.value != "" {
			add(c.column+" = ?", c.value)
		}
	}
	if f.From != "" {
		d, err := civil.Parse(f.From)
		if err != nil {
			e = e.WithField("from", "invalid")
		}
		add("at >= ?", d.Start(civil.Shanghai).UnixMicro())
	}
	if f.To != "" {
		d, err := civil.Parse(f.To)
		if err != nil {
			e = e.WithField("to", "invalid")
		}
		add("at < ?", d.End(civil.Shanghai).UnixMicro())
	}
	if after != "" {
		at, id, _ := strings.Cut(after, ".")
		n, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			e = e.WithField("after", "invalid")
		}
		add("(at < ? OR at = ? AND id < ?)", n, n, id)
	}
	if len(e.Fields) > 0 {
		return "", nil, e
	}
	if len(conds) == 0 {
		return "", args, nil
	}
	return " WHERE " + strings.Join(conds, " AND "), args, nil
}

func scanAudit(row sqldb.Scanner) (a AuditEntry, err error) {
	var at int64
	var detail string
	if err = row.Scan(&a.ID, &at, &a.AccountID, &a.Action, &a.Object, &detail); err != nil {
		return a, err
	}
	a.At = time.UnixMicro(at).UTC()
	if err = json.Unmarshal([]byte(detail), &a.Detail); a.Detail == nil {
		a.Detail = map[string]any{}
	}
	return a, err
}

// nameTx puts masked names to the people of a page.
func nameTx(ctx context.Context, tx *sqldb.Tx, page []AuditEntry) error {
	ids := map[string]bool{}
	for _, a := range page {
		ids[a.AccountID] = true
		if id, person := strings.CutPrefix(a.Object, "person/"); person {
			ids[id] = true
		}
	}
	args := make([]any, 0, len(ids))
	for id := range ids {
		args = append(args, id)
	}
	if len(args) == 0 {
		return nil
	}
	type named struct{ id, name string }
	people, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (n named, err error) { return n, row.Scan(&n.id, &n.name) },
		`SELECT id, name FROM person WHERE id IN (`+sqldb.Places(1, len(args))+`)`, args...)
	names := map[string]string{}
	for _, p := range people {
		names[p.id] = MaskName(p.name)
	}
	for i, a := range page {
		page[i].AccountName, page[i].ObjectName = names[a.AccountID], names[strings.TrimPrefix(a.Object, "person/")]
	}
	return err
}
