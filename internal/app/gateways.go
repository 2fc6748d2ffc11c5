package app

import (
	"xueshi/internal/gateway/credential"
	"xueshi/internal/gateway/sms"
	"xueshi/internal/gateway/sms/smssim"
	"xueshi/internal/kernel/clock"
)

// demoSign is the sign name under which the demo city's messages arrive.
const demoSign = "忻州专技继教"

// openGateways builds what speaks to outside services. In the demo city the services are simulators on loopback; the
// product reaches them by the protocol, with a credential made at this start.
func (a *App) openGateways(cfg Config, clk clock.Clock) error {
	a.Credentials = credential.New(a.DB, a.Keys, sms.Kind(cfg.Simulate))
	a.Outbox = sms.NewOutbox(a.DB, a.Keys, sms.NewGateway(a.Credentials, clk, cfg.Simulate))
	if !cfg.Simulate {
		return nil
	}
	account := smssim.NewAccount(demoSign, sms.Purposes...)
	o := account.Serve(smssim.Options{Clock: clk, Log: cfg.LogCodes})
	if cfg.LogCodes { // the demo city keeps the real service's limits; tests log one person in many times an hour
		o.PerMinute, o.PerHour, o.PerDay = 1, 5, 10
	}
	var err error
	if a.SMS, err = smssim.Listen(o); err != nil {
		return err
	}
	a.Credentials.StandIn(credential.Credential{Gateway: sms.Name, Fields: account.Fields(a.SMS.URL()), Secret: account.Secret})
	return nil
}
