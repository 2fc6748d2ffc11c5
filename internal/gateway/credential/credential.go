package credential

import (
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"xueshi/internal/kernel/errs"
)

// Kind is what one gateway needs to be told.
type Kind struct {
	Name        string
	Fields      []Field
	KeyField    string // the public name of the secret: while it stays, a change may keep the secret
	ValidSecret func(string) bool
}

// Field is one public part of a credential.
type Field struct {
	Key     string
	Default string // offered in an empty form
	Valid   func(string) bool
}

// Credential is what a gateway works with. It must not leave the process.
type Credential struct {
	Gateway string
	Version int64 // 0: the simulator of the demo city
	Fields  map[string]string
	Secret  string
}

// Change is a new version as an operator enters it.
type Change struct {
	Version int64             `json:"version" minimum:"0" doc:"The version this change was made from; 0 when there is none"`
	Fields  map[string]string `json:"fields" doc:"The public part, complete"`
	Secret  string            `json:"secret,omitempty" maxLength:"200" doc:"Empty keeps the present secret, as long as access_key_id stays"`
	Reason  string            `json:"reason" maxLength:"200"`
}

// Entry is one public field.
type Entry struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// View is a credential as operators see it: the secret only by its last four characters.
type View struct {
	Gateway    string     `json:"gateway"`
	State      string     `json:"state" enum:"none,active,withdrawn,simulator" doc:"simulator: the demo city's own service stands in"`
	Version    int64      `json:"version"`
	Fields     []Entry    `json:"fields"`
	SecretMask string     `json:"secret_mask" doc:"•••• and the last four characters, empty when there is none"`
	Reason     string     `json:"reason"`
	SetBy      string     `json:"set_by" doc:"Masked name"`
	SetAt      *time.Time `json:"set_at,omitempty"`
}

// check holds a change against the kind. keep tells whether the present secret may stay.
func (k Kind) check(c Change, keep bool) error {
	e := errs.New(errs.Invalid, "gateway.credential")
	known := map[string]bool{}
	for _, f := range k.Fields {
		known[f.Key] = true
		if !f.Valid(c.Fields[f.Key]) {
			e = e.WithField("fields."+f.Key, "invalid")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.Fields)) {
		if !known[key] {
			e = e.WithField("fields."+key, "unknown")
		}
	}
	if c.Secret == "" && !keep {
		e = e.WithField("secret", "missing")
	}
	if c.Secret != "" && !k.ValidSecret(c.Secret) {
		e = e.WithField("secret", "invalid")
	}
	if utf8.RuneCountInString(c.Reason) < 2 {
		e = e.WithField("reason", "missing")
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// entries is the public part in the order of the kind.
func (k Kind) entries(fields map[string]string) []Entry {
	out := make([]Entry, len(k.Fields))
	for i, f := range k.Fields {
		v, ok := fields[f.Key]
		if !ok {
			v = f.Default
		}
		out[i] = Entry{f.Key, v}
	}
	return out
}

// mask shows the last four characters of a secret that is long enough to spare them.
func mask(secret string) string {
	if len(secret) < 12 {
		return ""
	}
	return secret[len(secret)-4:]
}
