package media

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// entries reads one flat object of a web catalogue: key to sentence.
func entries(t *testing.T, language, file, section, object string) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../web/src/locales/" + language + "/" + file + ".ts")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n  "+section+": {")
	_, body, ok := strings.Cut(rest, "\n    "+object+": {")
	body, _, _ = strings.Cut(body, "\n    },")
	if !ok {
		t.Fatalf("%s: no %s.%s", language, section, object)
	}
	out := map[string]string{}
	for _, e := range regexp.MustCompile(`(?m)^ {6}(\w+): '(.*)',$`).FindAllStringSubmatch(body, -1) {
		out[e[1]] = e[2]
	}
	return out
}

// TestEveryLimitHasItsName holds the operator's page against the numbers it shows.
func TestEveryLimitHasItsName(t *testing.T) {
	for _, language := range []string{"zh-CN", "en"} {
		names := entries(t, language, "operator", "inspection", "names")
		for _, b := range append(LimitBounds(), CourseBounds()...) {
			if names[b.Name] == "" {
				t.Errorf("%s: no name for %s", language, b.Name)
			}
			delete(names, b.Name)
		}
		for name := range names {
			t.Errorf("%s: a name for %s, which is no limit", language, name)
		}
	}
}

// variants are the details that have a sentence of their own.
var variants = map[string][]string{"av_offset": {"early", "late"}, "av_edge": {"start", "end"}, "balance": {"left", "right"}}

func TestEveryKindHasItsWords(t *testing.T) {
	for _, language := range []string{"zh-CN", "en"} {
		words := func(object string) map[string]string { return entries(t, language, "making", "finding", object) }
		names, says, units := words("name"), words("say"), words("unit")
		for _, k := range Kinds {
			if names[k.Name] == "" {
				t.Errorf("%s: no name for %s", language, k.Name)
			}
			keys := []string{k.Name}
			for _, v := range variants[k.Name] {
				keys = append(keys, k.Name+"_"+v)
			}
			for _, key := range keys {
				sentence := says[key]
				if sentence == "" {
					t.Errorf("%s: no sentence for %s", language, key)
				}
				if numbers := strings.Contains(sentence, "{value}"); numbers != (k.Unit != "") || numbers != strings.Contains(sentence, "{limit}") {
					t.Errorf("%s: %s is measured in %q and says %q", language, key, k.Unit, sentence)
				}
				delete(says, key)
			}
			if regexp.MustCompile(`^[a-z]{2,}$`).MatchString(k.Unit) && units[k.Unit] == "" {
				t.Errorf("%s: no word for the unit %s", language, k.Unit)
			}
			delete(names, k.Name)
		}
		for key := range says {
			if !strings.HasPrefix(key, "unknown") {
				t.Errorf("%s: a sentence for %s, which is no kind", language, key)
			}
		}
		for key := range names {
			t.Errorf("%s: a name for %s, which is no kind", language, key)
		}
	}
}

func TestKindsAreWhole(t *testing.T) {
	clause := regexp.MustCompile(`^(R1\.[678][a-h]|` + srcMOE + `)$`)
	repairs := []string{"", mendLoudness, mendTrim, mendRate}
	if len(kindOf) != len(Kinds) {
		t.Error("a kind stands twice")
	}
	for _, k := range Kinds {
		if !clause.MatchString(k.Clause) || k.Severity != Fail && k.Severity != Warn || !slices.Contains(repairs, k.Repair) {
			t.Errorf("%+v", k)
		}
	}
}
