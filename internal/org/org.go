// Package org holds regions, providers, employer units and the settings operators change. It imports no other domain.
package org

import (
	"context"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// Region is a reporting branch or the city itself.
type Region struct {
	ID     string `json:"id"`
	Parent string `json:"parent"`
	Name   string `json:"name"`
	Kind   string `json:"kind"`
}

// Unit is an employer.
type Unit struct {
	ID       string `json:"id"`
	RegionID string `json:"region_id"`
	Name     string `json:"name"`
}

// Provider is an organisation that gives courses.
type Provider struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	ShortName string `json:"short_name"`
	State     string `json:"state" enum:"active,ended" doc:"An ended one gives no courses any more"`
}

// Service reads organisation data and keeps settings.
type Service struct{ db *sqldb.DB }

// New makes the service.
func New(db *sqldb.DB) *Service { return &Service{db} }

// Regions lists the city's branches in the order the bureau reports them.
func (s *Service) Regions(ctx context.Context) (out []Region, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (r Region, err error) {
			return r, row.Scan(&r.ID, &r.Parent, &r.Name, &r.Kind)
		}, `SELECT id, parent, name, kind FROM region ORDER BY rank, id`)
		return err
	})
	return out, err
}

// RegionTx is one region. Errors: NotFound "org.no_region".
func RegionTx(ctx context.Context, tx *sqldb.Tx, id string) (Region, error) {
	r, found, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (r Region, err error) {
		return r, row.Scan(&r.ID, &r.Parent, &r.Name, &r.Kind)
	}, `SELECT id, parent, name, kind FROM region WHERE id = $1`, id)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "org.no_region")
	}
	return r, err
}

// Units lists the employers of a region whose name contains text, at most 50.
func (s *Service) Units(ctx context.Context, regionID, text string) (out []Unit, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (u Unit, err error) {
			return u, row.Scan(&u.ID, &u.RegionID, &u.Name)
		}, `SELECT id, region_id, name FROM unit WHERE region_id = $1 AND name LIKE $2 ESCAPE '\' ORDER BY name LIMIT 50`,
			regionID, "%"+sqldb.EscapeLike(text)+"%")
		return err
	})
	return out, err
}

// UnitTx is one employer. Errors: NotFound "org.no_unit".
func UnitTx(ctx context.Context, tx *sqldb.Tx, id string) (Unit, error) {
	u, found, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (u Unit, err error) {
		return u, row.Scan(&u.ID, &u.RegionID, &u.Name)
	}, `SELECT id, region_id, name FROM unit WHERE id = $1`, id)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "org.no_unit")
	}
	return u, err
}

// Providers lists the active providers.
func (s *Service) Providers(ctx context.Context) (out []Provider, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, scanProvider, `SELECT id, name, short_name, state FROM provider WHERE state = 'active' ORDER BY name`)
		return err
	})
	return out, err
}

// Setting is one version of a text or number that operators change.
type Setting struct {
	Key     string `json:"key"`
	Version int64  `json:"version"`
	Value   string `json:"value"`
	Source  string `json:"source" doc:"Legal source or reason"`
}

// Settings is the newest version of every setting.
func (s *Service) Settings(ctx context.Context) (out []Setting, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, scanSetting, `SELECT key, version, value, source FROM setting a
			WHERE version = (SELECT max(version) FROM setting b WHERE b.key = a.key) ORDER BY key`)
		return err
	})
	return out, err
}

func scanSetting(row sqldb.Scanner) (v Setting, err error) {
	return v, row.Scan(&v.Key, &v.Version, &v.Value, &v.Source)
}

// PutTx appends a version of a setting; the portal has checked that the actor is an operator, and audits.
func PutTx(ctx context.Context, tx *sqldb.Tx, v Setting, by string) error {
	_, err := tx.Exec(ctx, `INSERT INTO setting (key, version, value, source, set_by, set_at)
		SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5 FROM setting WHERE key = $6`, v.Key, v.Value, v.Source, by, tx.NowMicro(), v.Key)
	return err
}
