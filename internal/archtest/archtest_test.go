// Package archtest holds the architecture as one table of allowed imports and fails on every edge,
// or package, that is not in it. Read the table to learn the house.
package archtest

import (
	"os/exec"
	"sort"
	"strings"
	"testing"
)

// allowed says which packages of ours each package may import, besides the standard library and modules.
// "kernel" and "platform" are free for every domain, gateway and portal; so they are not repeated.
var allowed = map[string][]string{
	// Domains: imports go down only.
	"internal/org":          {},
	"internal/identity":     {"internal/org"},
	"internal/notify":       {"internal/org", "internal/identity"},
	"internal/media":        {"internal/org", "internal/identity"},
	"internal/catalog":      {"internal/org", "internal/identity", "internal/media"},
	"internal/enrolment":    {"internal/org", "internal/identity", "internal/catalog"},
	"internal/classroom":    {"internal/org", "internal/identity", "internal/enrolment", "internal/catalog"},
	"internal/availability": {"internal/org", "internal/identity"},
	"internal/fault":        {"internal/org", "internal/identity", "internal/enrolment", "internal/catalog"},
	"internal/playback":     {"internal/org", "internal/identity", "internal/enrolment", "internal/catalog", "internal/media"},
	"internal/credit":       {"internal/org", "internal/identity", "internal/enrolment", "internal/catalog", "internal/playback"},
	// Read models: others' readers only.
	"internal/supervision": {"internal/org", "internal/identity", "internal/catalog", "internal/enrolment", "internal/playback", "internal/credit"},

	// The verifier recomputes from rows and shares no rule with the engine it checks.
	"internal/verify": {},

	// A population that studies over HTTP knows the wire and nothing else.
	"internal/client":   {},
	"internal/simulate": {"internal/client"},

	// Backups hold rows and files, whatever they mean.
	"internal/backup": {"internal/verify"},
}

// free are the bands that every domain, gateway and portal may import.
func free(dep string) bool {
	return strings.HasPrefix(dep, "internal/kernel/") || strings.HasPrefix(dep, "internal/platform/") || dep == "migrations"
}

func TestImports(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "xueshi/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		pkg := strings.TrimPrefix(fields[0], "xueshi/")
		for _, imp := range fields[1:] {
			if dep, ours := strings.CutPrefix(imp, "xueshi/"); ours && !mayImport(pkg, dep) {
				t.Errorf("%s may not import %s", pkg, dep)
			}
		}
	}
}

func mayImport(pkg, dep string) bool {
	switch {
	case strings.HasPrefix(pkg, "cmd/"), strings.HasPrefix(pkg, "test/"), pkg == "internal/app", strings.HasPrefix(pkg, "internal/app/"):
		return true
	case strings.HasPrefix(pkg, "internal/kernel/"):
		return false // standard library only
	case strings.HasPrefix(pkg, "internal/platform/"):
		return free(dep)
	case strings.HasPrefix(pkg, "internal/gateway/"), strings.HasPrefix(pkg, "internal/portal/"):
		return free(dep) || !strings.HasPrefix(dep, "internal/app")
	case pkg == "internal/demo":
		return free(dep) || isDomain(dep) || strings.HasPrefix(dep, "internal/gateway/")
	}
	deps, known := allowed[domainOf(pkg)]
	if !known {
		return false
	}
	if free(dep) || domainOf(dep) == domainOf(pkg) {
		return true
	}
	i := sort.SearchStrings(sorted(deps), dep)
	return i < len(deps) && sorted(deps)[i] == dep || strings.HasSuffix(dep, "test") && isDomain(domainOf(dep))
}

// domainOf maps internal/playback/playbacktest to internal/playback.
func domainOf(pkg string) string {
	parts := strings.Split(pkg, "/")
	return strings.Join(parts[:min(2, len(parts))], "/")
}

func isDomain(dep string) bool { _, ok := allowed[domainOf(dep)]; return ok }

func sorted(s []string) []string {
	c := append([]string{}, s...)
	sort.Strings(c)
	return c
}
