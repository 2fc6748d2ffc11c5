package session

import (
	"xueshi/internal/identity"
	"xueshi/internal/platform/httpx"
)

var proofTypes = map[string]string{"jpeg": "image/jpeg", "png": "image/png", "pdf": "application/pdf"}

// Proof answers with the file of a correction. Its type is the one its content had when it came, never what a client says.
func Proof(f identity.ProofFile, err error) (*httpx.File, error) {
	if err != nil {
		return nil, err
	}
	return httpx.Attachment(proofTypes[f.Kind], "proof."+f.Kind, f.Content)
}
