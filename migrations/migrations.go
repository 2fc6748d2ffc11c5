// Package migrations holds the schema: one text for SQLite and PostgreSQL, forward only.
package migrations

import (
	"embed"
	"fmt"
)

// FS is the migration texts; sqldb.Render turns them into an engine's SQL.
//
//go:embed *.sql
var FS embed.FS

// Newest is the number of the last migration: the schema that this program needs.
func Newest() (newest int64, err error) {
	files, err := FS.ReadDir(".")
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscanf(files[len(files)-1].Name(), "%d_", &newest)
	return newest, err
}
