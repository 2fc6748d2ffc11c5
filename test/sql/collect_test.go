// Package sql holds every SQL statement of the program against both engines' real schemas.
package sql

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"xueshi/internal/playback"
	"xueshi/test/city"
)

// statement is one SQL text as the program sends it.
type statement struct{ at, text string }

// standIns are example values of the parts that are put together at run time: by their Go source, and by the function
// they stand in where several call the same thing by one name.
var standIns = map[string]string{
	`supervision.talliesTx: where`:                           "region_id IN ($3, $4)",
	`supervision.appealsTx: where`:                           "p.region_id IN ($1, $2)",
	`supervision.learnersTx: where`:                          "p.region_id = $1 AND p.id > $2 AND p.state <> 'closed'",
	"fmt.Sprintf(` ORDER BY p.id LIMIT $%d`, len(args))":     " ORDER BY p.id LIMIT $3",
	`supervision.learnersTx: chosen`:                         "p.id IN ($2, $3)",
	`supervision.courseLearnersTx: where`:                    "e.id IN ($1, $2)",
	`supervision.enrolmentsTx: strings.Join(where, " AND ")`: "course_id = $1 AND year = $2 AND state <> 'void'",
	`fmt.Sprintf(" ORDER BY id DESC LIMIT $%d", len(args))`:  " ORDER BY id DESC LIMIT $3",
	`supervision.learnerTx: where`:                           "p.region_id IN ($2, $3)",
	"fmt.Sprintf(` AND p.id = $%d`, len(args))":              " AND p.id = $4",
	`fault.queueTx: where`:                                   "f.place = f.id AND f.provider_id = $1 AND f.state = $2 AND f.source = $3 AND f.id > $4 ORDER BY f.id",
	`fmt.Sprintf(" LIMIT $%d", len(w.args)+1)`:               " LIMIT $5",
	`fault.linesTx: where`: `c.state IN ('published', 'withdrawn') AND w.state = 'published' AND EXISTS (SELECT 1 FROM tally t WHERE t.year = c.year
		AND t.about = 'course/' || c.id AND t.region_id IN ($1, $2) AND t.learners > 0) AND l.id > $3 AND c.provider_id = $4 AND r.verdict = 'fail'`,
	`fmt.Sprintf(" ORDER BY l.id LIMIT $%d", len(w.args)+1)`: " ORDER BY l.id LIMIT $5",
	`fault.providerOfTx: where`:                              "c.state IN ('published', 'withdrawn') AND l.id = $1",
	`classroom.notes: where`:                                 "n.person_id = $1 AND n.lesson_id = $2",
	`fmt.Sprintf(order, len(args)+1, len(args)+2)`:           "q.id > $4 ORDER BY q.id LIMIT $5",
	`c.ID`:                        "id",
	`c.Column`:                    "phone_seal",
	`c.Table`:                     "person",
	`backup.rowsTx: t`:            "person",
	`playback.Export: t.columns`:  "id",
	`playback.Export: t.from`:     "presence_check WHERE learner_id = $1 ORDER BY id",
	`policyColumns("k.")`:         policyColumns("k."),
	`policyColumns("")`:           policyColumns(""),
	`start`:                       "id IN ($1, $2)",
	`identity.AuditLog: where`:    " WHERE account_id = $1",
	`strconv.Itoa(len(args) + 1)`: "2",
	`identity.legalTx: where`:     "WHERE t.document = $1 AND t.version = $2",
	`identity.requests: where`:    "r.state = 'pending' AND r.unit_id = $1 AND r.kind = $2 AND r.id > $3 ORDER BY r.id LIMIT $4",
	`column`:                      "phone_index",
	`strings.Join(where, " AND ")`: `c.state = 'published' AND c.subject = $1 AND c.hours_tenths >= $2 AND
		lower(c.title || ' ' || c.teacher || ' ' || c.summary) LIKE $3 ESCAPE '\' AND c.id > $4`,
	`fmt.Sprintf(" ORDER BY c.id LIMIT $%d", len(args))`: " ORDER BY c.id LIMIT $5",
}

// policyColumns are the numbers of a policy as the migration names them.
func policyColumns(alias string) string {
	var names []string
	for _, b := range playback.Bounds() {
		names = append(names, alias+b.Name)
	}
	return strings.Join(names, ", ")
}

var (
	begins = regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s`)
	places = regexp.MustCompile(`^sqldb\.Places\((\d+), `)
	spot   = regexp.MustCompile(`\x00(\d+)\x00`)
)

// collect parses the program's own sources and folds the string constants of every SQL statement in them.
func collect(t *testing.T) (all []statement) {
	t.Helper()
	dirs := map[string][]string{}
	err := filepath.WalkDir(filepath.Join(city.Root(), "internal"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			dirs[filepath.Dir(path)] = append(dirs[filepath.Dir(path)], path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, files := range dirs {
		p := &pack{name: filepath.Base(dir), fset: token.NewFileSet(), values: map[string]ast.Expr{}}
		var parsed []*ast.File
		for _, path := range files {
			f, err := parser.ParseFile(p.fset, path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			p.declarations(f)
			parsed = append(parsed, f)
		}
		for _, f := range parsed {
			all = append(all, p.statements(t, f)...)
		}
	}
	return all
}

type pack struct {
	name   string
	funcs  []*ast.FuncDecl
	fset   *token.FileSet
	values map[string]ast.Expr // string constants and variables by name
}

func (p *pack) declarations(f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		if d, ok := n.(*ast.FuncDecl); ok {
			p.funcs = append(p.funcs, d)
		}
		if v, ok := n.(*ast.ValueSpec); ok {
			for i, name := range v.Names {
				if i < len(v.Values) {
					p.values[name.Name] = v.Values[i]
				}
			}
		}
		return true
	})
}

// statements finds whole statements: a literal or sum that begins like one, and is not merely the beginning of others.
func (p *pack) statements(t *testing.T, f *ast.File) (out []statement) {
	inner := map[ast.Node]bool{}
	prefix := p.prefixes(f)
	ast.Inspect(f, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok || inner[n] {
			return true
		}
		switch e := e.(type) {
		case *ast.BinaryExpr:
			ast.Inspect(e, func(c ast.Node) bool { inner[c] = true; return true })
		case *ast.BasicLit:
			if e.Kind != token.STRING {
				return true
			}
		default:
			return true
		}
		text, unknown := p.fold(e, 0)
		if !begins.MatchString(text) || prefix[e] || strings.Contains(text, "%s") || strings.Contains(text, "$%d") {
			return true
		}
		where := p.fset.Position(e.Pos())
		rel, _ := filepath.Rel(city.Root(), where.Filename)
		at := fmt.Sprintf("%s:%d", rel, where.Line)
		if len(unknown) > 0 {
			t.Errorf("%s: give an example of %q in standIns", at, unknown)
		}
		out = append(out, statement{at, spot.ReplaceAllStringFunc(text, func(m string) string {
			from, _ := strconv.Atoi(strings.Trim(m, "\x00"))
			n := 2
			if open := strings.Index(text, "("); strings.HasPrefix(strings.TrimSpace(text), "INSERT") && open > 0 {
				n = strings.Count(text[open:strings.Index(text, ")")], ",") + 1
			}
			var list []string
			for i := range n {
				list = append(list, fmt.Sprintf("$%d", from+i))
			}
			return strings.Join(list, ", ")
		})})
		return true
	})
	return out
}

// within names the function e stands in: "identity.requests".
func (p *pack) within(e ast.Expr) string {
	for _, f := range p.funcs {
		if f.Pos() <= e.Pos() && e.End() <= f.End() {
			return p.name + "." + f.Name.Name
		}
	}
	return p.name
}

// prefixes are the values of named beginnings: they are held in the sums they stand in.
func (p *pack) prefixes(f *ast.File) map[ast.Expr]bool {
	out := map[ast.Expr]bool{}
	for name, v := range p.values {
		if strings.HasSuffix(name, "Columns") || strings.HasSuffix(name, "columns") {
			out[v] = true
		}
	}
	return out
}

// fold is the text of e; unknown names the parts that only the run decides.
func (p *pack) fold(e ast.Expr, depth int) (text string, unknown []string) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil {
			return s, nil
		}
	case *ast.ParenExpr:
		return p.fold(e.X, depth)
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			a, x := p.fold(e.X, depth)
			b, y := p.fold(e.Y, depth)
			return a + b, append(x, y...)
		}
	case *ast.Ident:
		if v := p.values[e.Name]; v != nil && depth < 5 {
			return p.fold(v, depth+1)
		}
	}
	var b bytes.Buffer
	_ = printer.Fprint(&b, p.fset, e)
	if m := places.FindStringSubmatch(b.String()); m != nil {
		return "\x00" + m[1] + "\x00", nil
	}
	for _, key := range []string{p.within(e) + ": " + b.String(), b.String()} {
		if s, ok := standIns[key]; ok {
			return s, nil
		}
	}
	return "", []string{b.String()}
}
