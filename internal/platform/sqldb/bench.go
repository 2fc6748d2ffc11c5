//go:build bench

package sqldb

// Nowhere is a transaction without a database: it has an instant and nothing else. Only measurements use it.
func (db *DB) Nowhere() *Tx { return &Tx{db: db, now: db.clk.Now()} }
