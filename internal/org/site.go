package org

import (
	"context"
	"net"
	"slices"
	"strings"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// Site is a host name under which a provider, or a bureau, appears with its own name, telephone numbers and filings.
type Site struct {
	ID         string            `json:"id"`
	Host       string            `json:"host" doc:"Host name without port, lower case"`
	ProviderID string            `json:"provider_id" doc:"Whose site it is; empty for a bureau's"`
	RegionID   string            `json:"region_id" doc:"The bureau's region; empty for a provider's"`
	Settings   map[string]string `json:"settings" doc:"What the site says otherwise than the city portal"`
}

// SiteKeys are the settings a site may have of its own.
var SiteKeys = []string{"hotline", "icp", "police", "site_name", "supervision", "supervision_phone"}

// Host is the name in an HTTP Host header: without port and final dot, lower case.
func Host(header string) string {
	if h, _, err := net.SplitHostPort(header); err == nil {
		header = h
	}
	return strings.ToLower(strings.TrimSuffix(header, "."))
}

// SiteAt finds the site of an HTTP Host header; found is false at any other name: there the city portal answers.
func (s *Service) SiteAt(ctx context.Context, header string) (site Site, found bool, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		if site, found, err = sqldb.One(ctx, tx, scanSite, `SELECT id, host, provider_id, region_id FROM site WHERE host = $1`, Host(header)); err != nil || !found {
			return err
		}
		return site.readTx(ctx, tx)
	})
	return site, found, err
}

// Sites lists every site; there are as many as providers, so one page holds them.
func (s *Service) Sites(ctx context.Context) (out []Site, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		if out, err = sqldb.Rows(ctx, tx, scanSite, `SELECT id, host, provider_id, region_id FROM site ORDER BY id LIMIT 200`); err != nil {
			return err
		}
		for i := range out {
			if err := out[i].readTx(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

func scanSite(row sqldb.Scanner) (s Site, err error) {
	return s, row.Scan(&s.ID, &s.Host, &s.ProviderID, &s.RegionID)
}

// readTx reads the newest version of each of the site's settings; an empty one says nothing.
func (s *Site) readTx(ctx context.Context, tx *sqldb.Tx) error {
	own, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (v Setting, err error) { return v, row.Scan(&v.Key, &v.Value) },
		`SELECT key, value FROM site_setting a WHERE site_id = $1
		AND version = (SELECT max(version) FROM site_setting b WHERE b.site_id = a.site_id AND b.key = a.key) ORDER BY key`, s.ID)
	s.Settings = map[string]string{}
	for _, v := range own {
		if v.Value != "" {
			s.Settings[v.Key] = v.Value
		}
	}
	return err
}

// AddSiteTx makes a site. Errors: Invalid "org.site" unless it has a host name and belongs to exactly one provider or region;
// Conflict "org.site_exists" for a host that another has.
func AddSiteTx(ctx context.Context, tx *sqldb.Tx, s Site) error {
	if s.Host != Host(s.Host) || !validHost(s.Host) || (s.ProviderID == "") == (s.RegionID == "") {
		return errs.New(errs.Invalid, "org.site").WithField("host", "invalid")
	}
	_, err := tx.Exec(ctx, `INSERT INTO site (id, host, provider_id, region_id, created_at) VALUES ($1, $2, $3, $4, $5)`,
		s.ID, s.Host, s.ProviderID, s.RegionID, tx.NowMicro())
	return taken(err, errs.New(errs.Conflict, "org.site_exists"))
}

// PutSiteTx appends a version of a site's setting; the portal has checked that the actor may, and audits.
// Errors: NotFound "org.no_site", "org.no_setting" for a key that sites do not have.
func PutSiteTx(ctx context.Context, tx *sqldb.Tx, siteID string, v Setting, by string) error {
	if !slices.Contains(SiteKeys, v.Key) {
		return errs.New(errs.NotFound, "org.no_setting")
	}
	n, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM site WHERE id = $1`, siteID)
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.New(errs.NotFound, "org.no_site")
	}
	_, err = tx.Exec(ctx, `INSERT INTO site_setting (site_id, key, version, value, source, set_by, set_at)
		SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $6 FROM site_setting WHERE site_id = $7 AND key = $8`,
		siteID, v.Key, v.Value, v.Source, by, tx.NowMicro(), siteID, v.Key)
	return err
}
