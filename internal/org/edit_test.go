package org_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/org"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

// book writes organisation rows and holds the answers.
type book struct {
	*testing.T
	env *sqltest.Env
}

func (b book) do(want string, f func(ctx context.Context, tx *sqldb.Tx) error) {
	b.Helper()
	err := b.env.Write(b.Context(), func(tx *sqldb.Tx) error { return f(b.Context(), tx) })
	if want == "" && err != nil || want != "" && !errs.Has(err, want) {
		b.Errorf("got %v, want %q", err, want)
	}
}

func (b book) region(want string, r org.Region) {
	b.Helper()
	b.do(want, func(ctx context.Context, tx *sqldb.Tx) error { return org.AddRegionTx(ctx, tx, r) })
}

func (b book) unit(want, region, name string) (u org.Unit) {
	b.Helper()
	b.do(want, func(ctx context.Context, tx *sqldb.Tx) (err error) {
		u, err = org.AddUnitTx(ctx, tx, org.Unit{RegionID: region, Name: name})
		return err
	})
	return u
}

func TestRegions(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		b := book{t, env}
		b.region("org.region", org.Region{ID: "140902", Parent: "1409", Name: "忻府区", Kind: "county"}) // no city yet
		b.region("", org.Region{ID: "1409", Name: "忻州市", Kind: "city"})
		b.region("", org.Region{ID: "140981", Parent: "1409", Name: "原平市", Kind: "county"})
		b.region("", org.Region{ID: "1409kf", Parent: "1409", Name: "开发区", Kind: "zone"})
		for _, bad := range []org.Region{
			{ID: "1410", Name: "第二个市", Kind: "city"},
			{ID: "140903", Parent: "140981", Name: "县下面的县", Kind: "county"},
			{ID: "140903", Parent: "nosuch", Name: "无处", Kind: "county"},
			{ID: "140903", Parent: "1409", Name: "市下面的市", Kind: "city"},
			{ID: "14 09", Parent: "1409", Name: "空格", Kind: "county"},
			{ID: "', '", Parent: "1409", Name: "引号", Kind: "county"},
			{ID: "140903", Parent: "1409", Name: " 两边", Kind: "county"},
			{ID: "140903", Parent: "1409", Name: "短", Kind: "county"},
			{ID: "140903", Parent: "1409", Name: "行\n二", Kind: "county"},
			{ID: "140903", Parent: "1409", Name: strings.Repeat("长", 41), Kind: "county"},
		} {
			b.region("org.region", bad)
		}
		b.region("org.region_exists", org.Region{ID: "140981", Parent: "1409", Name: "又一个", Kind: "county"})
		b.region("org.region_exists", org.Region{ID: "140982", Parent: "1409", Name: "原平市", Kind: "county"})
		rename := func(want, id, name string) {
			b.Helper()
			b.do(want, func(ctx context.Context, tx *sqldb.Tx) error {
				_, err := org.RenameRegionTx(ctx, tx, id, name)
				return err
			})
		}
		rename("", "140981", "原平县")
		rename("", "140981", "原平县")
		rename("org.no_region", "140999", "没有")
		rename("org.region_exists", "140981", "开发区")
		rename("org.region", "140981", "")
		all, err := org.New(env.DB).Regions(t.Context())
		if err != nil || fmt.Sprint(all) != "[{1409  忻州市 city} {140981 1409 原平县 county} {1409kf 1409 开发区 zone}]" {
			t.Errorf("%v %v", all, err)
		}
	})
}

func TestProviders(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		b := book{t, env}
		add := func(want string, p org.Provider) {
			b.Helper()
			b.do(want, func(ctx context.Context, tx *sqldb.Tx) error { return org.AddProviderTx(ctx, tx, p) })
		}
		edit := func(want string, p org.Provider) {
			b.Helper()
			b.do(want, func(ctx context.Context, tx *sqldb.Tx) error { _, err := org.EditProviderTx(ctx, tx, p); return err })
		}
		add("", org.Provider{ID: "one", Name: "第一学院", ShortName: "一院"})
		add("", org.Provider{ID: "two", Name: "第二学院", ShortName: "二院", State: "ended"}) // begins active all the same
		for _, bad := range []org.Provider{{ID: "Three", Name: "第三学院", ShortName: "三院"}, {ID: "3", Name: "第三学院", ShortName: "三院"}, {ID: "a/b", Name: "第三学院", ShortName: "三院"},
			{ID: "three", Name: "", ShortName: "三院"}, {ID: "three", Name: "第三学院", ShortName: strings.Repeat("长", 13)}} {
			add("org.provider", bad)
		}
		for _, double := range []org.Provider{{ID: "one", Name: "第三学院", ShortName: "三院"}, {ID: "three", Name: "第一学院", ShortName: "三院"}, {ID: "three", Name: "第三学院", ShortName: "一院"}} {
			add("org.provider_exists", double)
		}
		edit("", org.Provider{ID: "two", Name: "第二大学", ShortName: "二大", State: "ended"})
		edit("org.no_provider", org.Provider{ID: "four", Name: "第四大学", ShortName: "四大", State: "active"})
		edit("org.provider", org.Provider{ID: "one", Name: "第一学院", ShortName: "一院", State: "gone"})
		edit("org.provider_exists", org.Provider{ID: "one", Name: "第二大学", ShortName: "一院", State: "active"})
		s := org.New(env.DB)
		if active, err := s.Providers(t.Context()); err != nil || len(active) != 1 || active[0].ID != "one" {
			t.Errorf("%v %v", active, err)
		}
		if all, err := s.AllProviders(t.Context()); err != nil || len(all) != 2 || all[1] != (org.Provider{ID: "two", Name: "第二大学", ShortName: "二大", State: "ended"}) {
			t.Errorf("%v %v", all, err)
		}
		active := func(want, id string) {
			b.Helper()
			b.do(want, func(ctx context.Context, tx *sqldb.Tx) error { return org.ActiveTx(ctx, tx, id) })
		}
		active("", "one")
		active("org.provider_ended", "two")
		active("org.no_provider", "four")
	})
}

func TestUnits(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		b := book{t, env}
		b.region("", org.Region{ID: "1409", Name: "忻州市", Kind: "city"})
		b.region("", org.Region{ID: "140981", Parent: "1409", Name: "原平市", Kind: "county"})
		b.unit("org.no_region", "140999", "某中学")
		b.unit("org.unit", "1409", "某")
		first := b.unit("", "1409", "某中学")
		b.unit("org.unit_exists", "1409", "某中学")
		same := b.unit("", "140981", "某中学") // another region may have one of the same name
		for i := range 5 {
			b.unit("", "1409", fmt.Sprintf("医院%d_%%", i))
		}
		rename := func(want, id, name string) {
			b.Helper()
			b.do(want, func(ctx context.Context, tx *sqldb.Tx) error {
				_, err := org.RenameUnitTx(ctx, tx, id, name)
				return err
			})
		}
		rename("org.unit_exists", first.ID, "医院3_%")
		rename("org.no_unit", "nosuch", "某小学")
		rename("org.unit", first.ID, " ")
		rename("", first.ID, "某小学")
		for _, c := range []struct {
			region, text string
			want         int
		}{{"", "", 7}, {"1409", "", 6}, {"140981", "", 1}, {"", "医院", 5}, {"", "0_%", 1}, {"", "%", 5}, {"", "某中学", 1}, {"140981", "小学", 0}} {
			seen, after, pages := map[string]bool{}, "", 0
			for {
				out, next, err := org.New(env.DB).UnitPage(t.Context(), c.region, c.text, after, 2)
				if err != nil {
					t.Fatal(err)
				}
				for _, u := range out {
					seen[u.ID] = true
				}
				if pages++; next == "" {
					break
				}
				after = next
			}
			if len(seen) != c.want || pages != max(1, (c.want+1)/2) {
				t.Errorf("%+v: %d units on %d pages", c, len(seen), pages)
			}
		}
		if same.ID == first.ID {
			t.Error("two units share an id")
		}
	})
}

// Two operators who add the same at once: one of them is told.
func TestTheSameAtOnce(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		book{t, env}.region("", org.Region{ID: "1409", Name: "忻州市", Kind: "city"})
		var wg sync.WaitGroup
		results := make([]error, 8)
		for i := range results {
			wg.Go(func() {
				results[i] = env.Write(t.Context(), func(tx *sqldb.Tx) error {
					if i%2 == 0 {
						_, err := org.AddUnitTx(t.Context(), tx, org.Unit{RegionID: "1409", Name: "某中学"})
						return err
					}
					return org.AddProviderTx(t.Context(), tx, org.Provider{ID: "one", Name: "第一学院", ShortName: "一院"})
				})
			})
		}
		wg.Wait()
		good := 0
		for _, err := range results {
			if err == nil {
				good++
			} else if !errs.Has(err, "org.unit_exists") && !errs.Has(err, "org.provider_exists") {
				t.Error(err)
			}
		}
		if good != 2 {
			t.Errorf("%d went through, want one of each", good)
		}
	})
}
