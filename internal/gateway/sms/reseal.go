package sms

import "xueshi/internal/platform/installation"

// SealedPhone and SealedCode are the columns of messages that wait.
func SealedPhone() installation.Sealed { return sealed("phone_seal", "/phone") }

// SealedCode: see SealedPhone.
func SealedCode() installation.Sealed { return sealed("code_seal", "/code") }

func sealed(column, part string) installation.Sealed {
	return installation.Sealed{Table: "sms_outbox", Column: column, ID: "id", AAD: func(id string) string { return "sms_outbox/" + id + part }}
}
