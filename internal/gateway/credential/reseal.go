package credential

import "xueshi/internal/platform/installation"

// Sealed is the column in which credentials lie.
func Sealed() installation.Sealed {
	return installation.Sealed{Table: "credential", Column: "secret_seal", ID: "gateway || '/' || version", AAD: func(id string) string { return "credential/" + id }}
}
