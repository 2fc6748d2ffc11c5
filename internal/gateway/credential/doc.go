// Package credential keeps what the platform needs to speak to outside services: a public part that operators see and a
// secret that nobody sees again. Changes are versioned, audited with a reason, and hold at once, without a restart.
package credential
