package credential

import (
	"context"
	"strconv"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// List shows every gateway with what it works with now. Operators only.
func (s *Service) List(ctx context.Context) (out []View, err error) {
	if _, err := identity.Require(ctx, identity.Operator); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out = make([]View, 0, len(s.kinds))
		for _, k := range s.kinds {
			r, found, err := newestTx(ctx, tx, k.Name)
			if err != nil {
				return err
			}
			v := View{Gateway: k.Name, State: "none", Fields: k.entries(nil)}
			if found {
				if v, err = k.viewTx(ctx, tx, r); err != nil {
					return err
				}
			}
			if c, ok := s.standIn[k.Name]; ok && v.State != "active" {
				v.State, v.Fields, v.SecretMask = "simulator", k.entries(c.Fields), "••••"+mask(c.Secret)
			}
			out = append(out, v)
		}
		return nil
	})
	return out, err
}

// Versions lists a gateway's versions, newest first; after is the cursor of the page before. Operators only.
// Errors: NotFound "gateway.unknown"; Invalid "request.invalid" for a foreign cursor.
func (s *Service) Versions(ctx context.Context, gateway, after string, limit int) (out []View, next string, err error) {
	if _, err := identity.Require(ctx, identity.Operator); err != nil {
		return nil, "", err
	}
	k, err := s.kind(gateway)
	if err != nil {
		return nil, "", err
	}
	below := int64(1) << 62
	if after != "" {
		if below, err = strconv.ParseInt(after, 10, 64); err != nil {
			return nil, "", errs.New(errs.Invalid, "request.invalid").WithField("after", "invalid")
		}
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, next = []View{}, ""
		rows, err := sqldb.Rows(ctx, tx, scanRow, columns+`WHERE gateway = $1 AND version < $2 ORDER BY version DESC LIMIT $3`, gateway, below, limit+1)
		if err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			next = strconv.FormatInt(rows[limit-1].version, 10)
		}
		for _, r := range rows {
			v, err := k.viewTx(ctx, tx, r)
			if err != nil {
				return err
			}
			out = append(out, v)
		}
		return nil
	})
	return out, next, err
}

// viewTx is a version for people.
func (k Kind) viewTx(ctx context.Context, tx *sqldb.Tx, r row) (View, error) {
	at := time.UnixMicro(r.setAt).UTC()
	v := View{Gateway: k.Name, State: r.state, Version: r.version, Fields: k.entries(r.fields), Reason: r.reason, SetBy: r.setBy, SetAt: &at}
	if r.state == "active" {
		v.SecretMask = "••••" + r.tail
	}
	p, err := identity.PersonTx(ctx, tx, r.setBy)
	switch {
	case err == nil:
		v.SetBy = p.MaskedName
	case errs.KindOf(err) != errs.NotFound: // a version set by the command line has no person
		return v, err
	}
	return v, nil
}
