package org_test

import (
	"context"
	"slices"
	"testing"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/org"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

func TestHost(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{"Jinyun.Localhost:8080": "jinyun.localhost", "jinyun.localhost": "jinyun.localhost", "a.cn.": "a.cn", "[::1]:8080": "::1", "": ""} {
		if got := org.Host(header); got != want {
			t.Errorf("Host(%q) = %q, want %q", header, got, want)
		}
	}
}

func TestSites(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		ctx, s := context.Background(), org.New(env.DB)
		write := func(f func(tx *sqldb.Tx) error) error { return env.Write(ctx, f) }
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(write(func(tx *sqldb.Tx) error {
			return org.AddSiteTx(ctx, tx, org.Site{ID: "a", Host: "a.example.cn", ProviderID: "pa"})
		}))
		for _, bad := range []org.Site{{ID: "b", Host: "B.example.cn", ProviderID: "p"}, {ID: "b", ProviderID: "p"}, {ID: "b", Host: "b.cn"}, {ID: "b", Host: "b.cn", ProviderID: "p", RegionID: "r"}} {
			if err := write(func(tx *sqldb.Tx) error { return org.AddSiteTx(ctx, tx, bad) }); !errs.Has(err, "org.site") {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		put := func(site, key, value string) error {
			return write(func(tx *sqldb.Tx) error {
				return org.PutSiteTx(ctx, tx, site, org.Setting{Key: key, Value: value, Source: "test"}, "op")
			})
		}
		must(put("a", "hotline", "1"))
		must(put("a", "hotline", "2"))
		must(put("a", "icp", "x"))
		if err := put("a", "colour", "red"); !errs.Has(err, "org.no_setting") {
			t.Errorf("unknown key: %v", err)
		}
		if err := put("z", "icp", "x"); !errs.Has(err, "org.no_site") {
			t.Errorf("unknown site: %v", err)
		}
		site, found, err := s.SiteAt(ctx, "A.example.cn:443")
		if err != nil || !found || site.ProviderID != "pa" || site.Settings["hotline"] != "2" || site.Settings["icp"] != "x" {
			t.Fatalf("%+v, %v, %v", site, found, err)
		}
		must(put("a", "icp", "")) // back to the city's
		if site, _, err = s.SiteAt(ctx, "a.example.cn"); err != nil || len(site.Settings) != 1 {
			t.Fatalf("%+v, %v", site, err)
		}
		if _, found, err := s.SiteAt(ctx, "b.example.cn"); err != nil || found {
			t.Fatalf("an unknown host: %v, %v", found, err)
		}
	})
}

func TestArea(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		ctx := context.Background()
		err := env.Write(ctx, func(tx *sqldb.Tx) error {
			for i, r := range [][2]string{{"city", ""}, {"a", "city"}, {"b", "city"}, {"a1", "a"}} {
				if _, err := tx.Exec(ctx, `INSERT INTO region (id, parent, name, kind, rank) VALUES ($1, $2, $3, 'county', $4)`, r[0], r[1], r[0], i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ roots, want []string }{
			{[]string{"city"}, []string{"city", "a", "b", "a1"}}, {[]string{""}, []string{"city", "a", "b", "a1"}}, {[]string{"a"}, []string{"a", "a1"}},
			{[]string{"a1", "b"}, []string{"b", "a1"}}, {[]string{"nowhere"}, nil}, {nil, nil},
		} {
			var got []string
			err := env.Read(ctx, func(tx *sqldb.Tx) error {
				area, err := org.AreaTx(ctx, tx, c.roots)
				for _, r := range area {
					got = append(got, r.ID)
				}
				return err
			})
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("below %v: %v, want %v (%v)", c.roots, got, c.want, err)
			}
		}
	})
}
