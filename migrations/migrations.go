// Package migrations holds the schema: one text for SQLite and PostgreSQL, forward only.
package migrations

import "embed"

// FS is the migration texts; sqldb.Render turns them into an engine's SQL.
//
//go:embed *.sql
var FS embed.FS
