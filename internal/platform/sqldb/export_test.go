package sqldb

// Hurried divides a transaction's patience.
func Hurried(by int) Option { return func(db *DB) { db.hurry = by } }
