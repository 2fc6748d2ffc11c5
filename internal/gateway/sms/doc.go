// Package sms sends one-time codes through a signed SMS service in the shape of Aliyun's dysmsapi (2017-05-25).
//
// The way of a code: identity stores the code's MAC and, in the same transaction, a row of the outbox with the clear code
// sealed (PutTx). After the commit the caller sends it at once (Deliver). What a crash or a failing gateway left behind is
// sent by the job (Resend) while the code lives. Before an attempt that might be the second one, the service is asked
// whether it has the message already (QuerySendDetails by OutId), since SendSms itself is not idempotent. Phone and code
// are erased from the row when it ends, whichever way.
//
//	acs3.go      the signature ACS3-HMAC-SHA256
//	client.go    the two calls, their limits and their failures
//	gateway.go   which credential, whether the circuit is closed
//	outbox.go    the intent; deliver.go the act; overview.go what the operator sees
//	smssim       a server that speaks the protocol and checks everything: the demo city's and the tests' SMS service
package sms
