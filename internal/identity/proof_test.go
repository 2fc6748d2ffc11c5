package identity_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

func picture(t *testing.T) []byte {
	var b bytes.Buffer
	must(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))))
	return b.Bytes()
}

// files counts what lies in the blob store and fails if any of it holds clear.
func (c *city) files(clear []byte) (n int) {
	c.t.Helper()
	must(c.t, filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n++
		b, err := os.ReadFile(path)
		if bytes.Contains(b, clear) {
			c.t.Error("stored in clear")
		}
		return err
	}))
	return n
}

func (c *city) audited(action string) (n int64) {
	c.t.Helper()
	must(c.t, c.Read(c.t.Context(), func(tx *sqldb.Tx) (err error) {
		n, _, err = sqldb.One(c.t.Context(), tx, sqldb.ScanValue[int64], `SELECT count(*) FROM audit_entry WHERE action = $1`, action)
		return err
	}))
	return n
}

func TestProofKind(t *testing.T) {
	t.Parallel()
	var photo bytes.Buffer
	must(t, jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 8, 8)), nil))
	huge := picture(t) // a small file that says it unfolds to 65,536 × 65,536
	copy(huge[16:24], []byte{0, 1, 0, 0, 0, 1, 0, 0})
	binary.BigEndian.PutUint32(huge[29:33], crc32.ChecksumIEEE(huge[12:29]))
	for name, f := range map[string]struct {
		content []byte
		want    string // kind or code
	}{
		"jpeg":            {photo.Bytes(), "jpeg"},
		"png":             {picture(t), "png"},
		"pdf":             {[]byte("%PDF-1.7\n1 0 obj\nendobj\ntrailer\n%%EOF\n"), "pdf"},
		"empty":           {nil, "identity.proof_size"},
		"too large":       {append([]byte("\xff\xd8\xff"), make([]byte, 5<<20)...), "identity.proof_size"},
		"page":            {[]byte("<html><script>alert(1)</script>"), "identity.proof_kind"},
		"drawing":         {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>`), "identity.proof_kind"},
		"program":         {[]byte("MZ\x90\x00"), "identity.proof_kind"},
		"archive":         {[]byte("PK\x03\x04"), "identity.proof_kind"},
		"gif":             {[]byte("GIF89a"), "identity.proof_kind"},
		"jpeg's head":     {[]byte("\xff\xd8\xff\xe0<script>"), "identity.proof_kind"},
		"png's head":      {picture(t)[:12], "identity.proof_kind"},
		"half a pdf":      {[]byte("%PDF-1.7\n1 0 obj\n"), "identity.proof_kind"},
		"pdf after space": {[]byte(" %PDF-1.7\n%%EOF"), "identity.proof_kind"},
		"bomb":            {huge, "identity.proof_size"},
	} {
		kind, err := identity.ProofKind(f.content)
		if err != nil {
			kind = errs.As(err).Code
		}
		if kind != f.want {
			t.Errorf("%s: %s, want %s", name, kind, f.want)
		}
	}
}

func TestProofIsSealedAndSeenOnlyByThoseWhoDecide(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := newCity(t, env)
		_, ctx := c.register(1)
		_, other := c.register(2)
		_, admin := c.register(3, identity.Grant{Role: identity.UnitAdmin, Scope: "u1"})
		_, foreign := c.register(4, identity.Grant{Role: identity.UnitAdmin, Scope: "u2"})
		_, op := c.register(5, identity.Grant{Role: identity.Operator})
		content := picture(t)
		_, err := c.svc.KeepProof(t.Context(), content)
		refused(t, err, "identity.login_required")
		p, err := c.svc.KeepProof(ctx, content)
		must(t, err)
		if c.files(content[:24]) != 1 {
			t.Fatal("one file")
		}
		_, err = c.svc.AskCorrection(other, identity.Wish{Name: "王晓岚", ProofRef: p.ID})
		refused(t, err, "identity.no_proof")
		req, err := c.svc.AskCorrection(ctx, identity.Wish{Name: "王晓岚", ProofRef: p.ID})
		must(t, err)
		for name, stranger := range map[string]context.Context{"learner": other, "other unit": foreign} {
			_, err := c.svc.RequestProof(stranger, req)
			if !errs.Has(err, "identity.no_request") {
				t.Errorf("%s: %v", name, err)
			}
		}
		for i, who := range []context.Context{ctx, admin, op} {
			f, err := c.svc.RequestProof(who, req)
			if err != nil || f.Kind != "png" || !bytes.Equal(f.Content, content) {
				t.Fatal(f.Kind, err)
			}
			if n := c.audited("identity.proof_viewed"); n != int64(i) { // the person's own look is nobody's business
				t.Fatalf("%d views audited after %d", n, i)
			}
		}
		must(t, c.svc.Decide(admin, req, false, "照片看不清，请重新拍"))
		_, err = c.svc.RequestProof(admin, req)
		refused(t, err, "identity.no_request")
		list, err := c.svc.OwnRequests(ctx)
		if err != nil || len(list) != 1 || list[0].Answer == "" || list[0].UnitName != "甲" || list[0].DecidedAt.Before(list[0].CreatedAt) {
			t.Fatal(list, err)
		}
		_, err = c.svc.AskCorrection(ctx, identity.Wish{Name: "王晓岚", ProofRef: p.ID})
		refused(t, err, "identity.no_proof") // one file proves one request
	})
}

func TestProofIsErasedInTime(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := newCity(t, env)
		job := identity.SystemContext(t.Context(), "job:closing")
		_, ctx := c.register(1)
		_, admin := c.register(2, identity.Grant{Role: identity.UnitAdmin, Scope: "u1"})
		_, leaver := c.register(3)
		content := picture(t)
		keep := func(ctx context.Context) string {
			p, err := c.svc.KeepProof(ctx, content)
			must(t, err)
			return p.ID
		}
		left := func(want int, when string) {
			t.Helper()
			_, err := c.svc.FinishClosings(job)
			must(t, err)
			if n := c.files(content[:24]); n != want {
				t.Fatalf("%d files %s, want %d", n, when, want)
			}
		}
		req, err := c.svc.AskCorrection(ctx, identity.Wish{Name: "王晓岚", ProofRef: keep(ctx)})
		must(t, err)
		_, err = c.svc.AskCorrection(leaver, identity.Wish{Name: "王晓岚", ProofRef: keep(leaver)})
		must(t, err)
		unused := keep(ctx)
		must(t, c.svc.AskClosing(leaver))
		left(3, "at first")
		c.Clock.Advance(25 * time.Hour)
		_, err = c.svc.AskCorrection(leaver, identity.Wish{Name: "王晓岚", ProofRef: unused})
		if err == nil {
			t.Fatal("a foreign, stale file proves nothing")
		}
		left(2, "after the unused one")
		c.Clock.Advance(7 * 24 * time.Hour)
		left(1, "after the closing")
		must(t, c.svc.Decide(admin, req, true, ""))
		c.Clock.Advance(29 * 24 * time.Hour)
		left(1, "while a complaint is possible")
		c.Clock.Advance(2 * 24 * time.Hour)
		left(0, "thirty days after the answer")
		_, err = c.svc.RequestProof(ctx, req)
		refused(t, err, "identity.no_proof")
	})
}

func TestWithdrawnProofGoesAtOnceAndUploadsAreLimited(t *testing.T) {
	t.Parallel()
	c := newCity(t, sqltest.SQLite(t))
	_, ctx := c.register(1)
	var last identity.Proof
	for range 10 {
		p, err := c.svc.KeepProof(ctx, picture(t))
		must(t, err)
		last = p
	}
	_, err := c.svc.KeepProof(ctx, picture(t))
	refused(t, err, "identity.proof_limit")
	req, err := c.svc.AskCorrection(ctx, identity.Wish{IDNumber: idNumber(9), ProofRef: last.ID})
	must(t, err)
	must(t, c.svc.WithdrawRequest(ctx, req))
	_, err = c.svc.FinishClosings(identity.SystemContext(t.Context(), "job:closing"))
	must(t, err)
	if n := c.files(picture(t)[:24]); n != 9 {
		t.Fatal(n, "files")
	}
}

func TestOwnUnitsAndTemplate(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := newCity(t, env)
		_, learner := c.register(1)
		_, admin := c.register(2, identity.Grant{Role: identity.UnitAdmin, Scope: "u1"}, identity.Grant{Role: identity.UnitAdmin, Scope: "u2"})
		_, err := c.svc.OwnUnits(learner)
		refused(t, err, "identity.role_required")
		_, err = c.svc.AskTransfer(learner, "u2")
		must(t, err)
		units, err := c.svc.OwnUnits(admin)
		if err != nil || len(units) != 2 || units[0].Waiting+units[1].Waiting != 1 {
			t.Fatal(units, err)
		}
		me, err := c.svc.Me(learner)
		if err != nil || me.UnitName != "甲" || me.RegionName != "忻府" || me.ClosesAt != nil {
			t.Fatal(me, err)
		}
		must(t, c.svc.AskClosing(learner))
		if me, err = c.svc.Me(learner); err != nil || me.ClosesAt == nil || !me.ClosesAt.Equal(c.Clock.Now().Add(7*24*time.Hour)) {
			t.Fatal(me, err)
		}
	})
	content, err := identity.ImportTemplate()
	must(t, err)
	rows, bad, err := identity.ParseImport(content, sqltest.Start)
	if err != nil || len(rows)+len(bad) != 0 {
		t.Fatal("the template is a list without learners", rows, bad, err)
	}
	if !strings.HasPrefix(string(content), "PK") {
		t.Fatal("no workbook")
	}
}

func FuzzProof(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xe0"))
	f.Add([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"))
	f.Add([]byte("%PDF-1.4 %%EOF"))
	f.Fuzz(func(t *testing.T, b []byte) {
		kind, err := identity.ProofKind(b)
		if (kind == "") == (err == nil) || kind != "" && strings.ContainsAny(string(b[:1]), "<{PM") {
			t.Fatal(kind, err)
		}
	})
}
