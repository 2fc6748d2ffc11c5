package smssim

import (
	"strconv"

	"xueshi/internal/kernel/id"
)

// Account is a customer of the service with one key, one sign name and one template for each purpose.
type Account struct {
	KeyID, Secret, SignName string
	Templates               map[string]string // purpose → template code
}

// NewAccount makes one with fresh keys.
func NewAccount(signName string, purposes ...string) Account {
	a := Account{KeyID: "LTAI" + id.Secret(12), Secret: id.Secret(20), SignName: signName, Templates: map[string]string{}}
	for i, p := range purposes {
		a.Templates[p] = "SMS_9000000" + strconv.Itoa(10+i)
	}
	return a
}

// Serve fills in the options by which a server knows the account.
func (a Account) Serve(o Options) Options {
	o.Keys, o.SignName, o.Templates = map[string]string{a.KeyID: a.Secret}, a.SignName, map[string]string{}
	for purpose, code := range a.Templates {
		o.Templates[code] = purpose
	}
	return o
}

// Fields is the public part of the credential that fits the account.
func (a Account) Fields(endpoint string) map[string]string {
	out := map[string]string{"endpoint": endpoint, "access_key_id": a.KeyID, "sign_name": a.SignName}
	for purpose, code := range a.Templates {
		out["template_"+purpose] = code
	}
	return out
}
