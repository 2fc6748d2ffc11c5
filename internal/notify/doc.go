// Package notify is the message centre: what a person was told, whether they have read it, and what they want to be told.
//
// A message is the name of a template and its parameters; the sentence is the reader's catalogue's, so that both languages
// work and a better wording reaches old messages too. templates.json lists every template with its kind and parameters;
// a test of the web app holds the catalogues and the links to it. A message says that something happened and where to look;
// it repeats no free text and no personal data of others.
//
// Sending stands in the transaction of the act it tells of (identity.Notices), and is idempotent by a key per person: a job
// that runs twice, or in two processes at once, tells once.
package notify
