// Package smssim is an SMS service on loopback: a real server that speaks the dysmsapi protocol and believes nothing. It
// checks access key, signature, clock, nonce, sign name, template, variables, phone and frequency, answers with the real
// service's codes, keeps what it "sent" and can be queried for it. It shares no code with the client it checks.
//
// Tests, and a demo that wants to show trouble, tell it to misbehave: Fail from Go, POST /_sim/faults over HTTP.
package smssim
