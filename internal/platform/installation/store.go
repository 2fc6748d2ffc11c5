package installation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/sqldb"
)

// MarkKey is the file by which a store says whose it is.
const MarkKey = "installation/mark"

// Mark is what a store, or a database, says of the installation.
type Mark struct {
	Installation string `json:"installation"` // its id
	Sweep        int64  `json:"sweep"`        // sweeps counted; -1 in a restored database that has not adopted its store
}

// ErrUnmarked is a store that holds files and does not say whose they are.
var ErrUnmarked = errors.New("the store holds files and does not say whose they are: if they are this database's, run xueshi store adopt")

// Claim holds a store against the database at a start: an empty one becomes this installation's. Errors: the store is another
// installation's. One that does not say so is served all the same, but not swept.
func Claim(ctx context.Context, db *sqldb.DB, store blob.Store) error {
	ours, err := Read(ctx, db)
	if err != nil {
		return err
	}
	there, err := readMark(ctx, store)
	switch {
	case err != nil:
		return err
	case there.Installation == ours.Installation:
		return nil
	case there.Installation != "":
		return fmt.Errorf("the store belongs to another installation (%s; this one is %s): name this database's own store, or, if it is to have this one, run xueshi store adopt", there.Installation, ours.Installation)
	}
	if err := empty(ctx, store); errors.Is(err, ErrUnmarked) {
		slog.WarnContext(ctx, "the store is not swept", "reason", err)
		return nil
	} else if err != nil {
		return err
	}
	return writeMark(ctx, store, ours)
}

// CountSweep says, in the database and then in the store, that a sweep begins. Errors: the store is not this installation's, or has
// seen sweeps that the database does not know of: what this database does not need somebody else may.
func CountSweep(ctx context.Context, db *sqldb.DB, store blob.Store) error {
	there, err := readMark(ctx, store)
	if err != nil {
		return err
	}
	var ours Mark
	err = db.Write(ctx, func(tx *sqldb.Tx) error {
		if ours, err = readTx(ctx, tx); err != nil {
			return err
		}
		if err := ours.owns(there); err != nil {
			return err
		}
		ours.Sweep++
		_, err := tx.Exec(ctx, `UPDATE installation SET sweep = $1`, ours.Sweep)
		return err
	})
	if err != nil {
		return err
	}
	return writeMark(ctx, store, ours)
}

// Owned tells what keeps this database from sweeping its store; nil = nothing.
func Owned(ctx context.Context, db *sqldb.DB, store blob.Store) error {
	there, err := readMark(ctx, store)
	if err != nil {
		return err
	}
	ours, err := Read(ctx, db)
	if err != nil {
		return err
	}
	return ours.owns(there)
}

// owns holds a database's mark against its store's.
func (m Mark) owns(there Mark) error {
	switch {
	case there.Installation == "":
		return ErrUnmarked
	case there.Installation != m.Installation:
		return fmt.Errorf("the store belongs to another installation (%s; this one is %s)", there.Installation, m.Installation)
	case m.Sweep < there.Sweep:
		return fmt.Errorf("this database is an older copy: it knows of %d sweeps of its store, the store of %d. If no other database needs the files, run xueshi store adopt", max(0, m.Sweep), there.Sweep)
	}
	return nil
}

// Adopt makes the store this installation's, whatever it has said before, which it gives back.
func Adopt(ctx context.Context, db *sqldb.DB, store blob.Store) (before Mark, err error) {
	if before, err = readMark(ctx, store); err != nil {
		return before, err
	}
	var ours Mark
	err = db.Write(ctx, func(tx *sqldb.Tx) error {
		if ours, err = readTx(ctx, tx); err != nil {
			return err
		}
		ours.Sweep = max(ours.Sweep, before.Sweep, 0) + 1
		_, err := tx.Exec(ctx, `UPDATE installation SET sweep = $1`, ours.Sweep)
		return err
	})
	if err == nil {
		err = writeMark(ctx, store, ours)
	}
	return before, err
}

// Disown is said of a restored database: until it adopts a store it sweeps none.
func Disown(ctx context.Context, db *sqldb.DB) error {
	return db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE installation SET sweep = -1`)
		return err
	})
}

// Read is what the database says of its installation.
func Read(ctx context.Context, db *sqldb.DB) (Mark, error) {
	return sqldb.ReadValue(ctx, db, func(tx *sqldb.Tx) (Mark, error) { return readTx(ctx, tx) })
}

func readTx(ctx context.Context, tx *sqldb.Tx) (Mark, error) {
	m, _, err := MarkTx(ctx, tx)
	return m, err
}

// MarkTx is what the database says of its installation, and the fingerprint of the keys it was made with.
func MarkTx(ctx context.Context, tx *sqldb.Tx) (m Mark, keys string, err error) {
	m, found, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (m Mark, err error) { return m, row.Scan(&m.Installation, &m.Sweep, &keys) }, `SELECT id, sweep, keys FROM installation`)
	if err == nil && !found {
		err = errors.New("the database has not been started once: start it with xueshi serve")
	}
	return m, keys, err
}

// BackedUpTx notes that a backup of the database as it was at an instant is complete.
func BackedUpTx(ctx context.Context, tx *sqldb.Tx, made time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE installation SET backup_at = $1`, made.UnixMicro())
	return err
}

// BackedUp is the instant of the last complete backup; zero = there is none.
func BackedUp(ctx context.Context, db *sqldb.DB) (made time.Time, err error) {
	micro, err := sqldb.ReadValue(ctx, db, func(tx *sqldb.Tx) (int64, error) {
		v, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT coalesce(backup_at, 0) FROM installation`)
		return v, err
	})
	if micro > 0 {
		made = time.UnixMicro(micro)
	}
	return made, err
}

// readMark is what the store says; nothing when it says nothing.
func readMark(ctx context.Context, store blob.Store) (m Mark, err error) {
	f, err := store.Open(ctx, MarkKey)
	if blob.Missing(err) {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, 4096))
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err == nil && m.Installation == "" {
		err = errors.New("it names none")
	}
	if err != nil {
		err = fmt.Errorf("the store's mark %s: %w", MarkKey, err)
	}
	return m, err
}

func writeMark(ctx context.Context, store blob.Store, m Mark) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return store.Put(ctx, MarkKey, strings.NewReader(string(raw)))
}

// empty gives ErrUnmarked when files lie in the store.
func empty(ctx context.Context, store blob.Store) error {
	for _, err := range store.List(ctx, "") {
		if err == nil {
			err = ErrUnmarked
		}
		return err
	}
	return nil
}
