package identity_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"xueshi/internal/identity"
	"xueshi/internal/platform/sqldb/sqltest"
)

func TestIDNumberCheckDigit(t *testing.T) {
	t.Parallel()
	if !identity.ValidIDNumber("11010519491231002X", sqltest.Start) { // the example printed in GB 11643-1999
		t.Error("the standard's own example is refused")
	}
	rapid.Check(t, func(t *rapid.T) {
		s := idNumber(rapid.IntRange(0, 999).Draw(t, "n"))
		if !identity.ValidIDNumber(s, sqltest.Start) {
			t.Fatal("valid one refused", s)
		}
		i := rapid.IntRange(0, 16).Draw(t, "i")
		d := byte('0' + rapid.IntRange(0, 9).Draw(t, "d"))
		if d != s[i] && identity.ValidIDNumber(s[:i]+string(d)+s[i+1:], sqltest.Start) {
			t.Fatal("one wrong digit passes")
		}
	})
	for _, s := range []string{"", "142201", "11010520300101001X", "１１０１０５194912310021", "110105194902300025"} {
		if identity.ValidIDNumber(s, sqltest.Start) {
			t.Error(s)
		}
	}
}

func TestMasksNeverLeak(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := idNumber(rapid.IntRange(0, 999).Draw(t, "n"))
		if m := identity.MaskIDNumber(s); len(m) != 18 || strings.Contains(m, s[4:14]) || m[4:14] != "**********" {
			t.Fatal(m)
		}
		any := rapid.String().Draw(t, "any")
		if m := identity.MaskIDNumber(any); len(any) != 18 && m != "" {
			t.Fatal("a mask of what is no ID number shows something", m)
		}
		name := []rune(rapid.StringN(2, 30, -1).Draw(t, "name"))
		if m := []rune(identity.MaskName(string(name))); len(m) != len(name) || m[1] != '*' {
			t.Fatal(string(m))
		}
	})
	if identity.MaskPhone("13812345678") != "138****5678" || identity.MaskName("王小岚") != "王*岚" || identity.MaskIDNumber("142201199001011234") != "1422**********1234" {
		t.Error("masks")
	}
}

func TestImportWorkbook(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	for cell, v := range map[string]string{"A1": "姓名", "B1": "身份证号", "C1": "手机", "A2": "李明", "B2": idNumber(1), "C2": phone(1), "A3": "李明", "B3": idNumber(1), "C3": phone(2)} {
		must(t, f.SetCellStr("Sheet1", cell, v))
	}
	var b bytes.Buffer
	must(t, f.Write(&b))
	rows, bad, err := identity.ParseImport(b.Bytes(), sqltest.Start)
	if err != nil || len(rows) != 1 || len(bad) != 1 || bad[0].Code != "duplicate" || bad[0].Line != 3 {
		t.Fatal(rows, bad, err)
	}
	_, _, err = identity.ParseImport(b.Bytes()[:b.Len()/2], sqltest.Start)
	refused(t, err, "identity.import_file")
	_, _, err = identity.ParseImport(make([]byte, 3<<20), sqltest.Start)
	refused(t, err, "identity.import_size")
}

func FuzzIDNumber(f *testing.F) {
	f.Add("11010519491231002X")
	f.Fuzz(func(t *testing.T, s string) {
		if identity.ValidIDNumber(s, sqltest.Start) && len(s) != 18 {
			t.Fatal(s)
		}
	})
}

func FuzzImport(f *testing.F) {
	f.Add([]byte("姓名,身份证号,手机\n李明,11010519491231002X,13812345678\n"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, _, err := identity.ParseImport(b, sqltest.Start)
		for _, r := range rows {
			if err != nil || !identity.ValidName(r.Name) || !identity.ValidPhone(r.Phone) || strings.ContainsAny(r.Name[:1], "=+-@") {
				t.Fatal(r, err)
			}
		}
	})
}
