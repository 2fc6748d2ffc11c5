// Command publish gives a lesson of a test city other media: it packages a file as the platform does and makes it the
// lesson's next revision, whose content is new. Browser tests use it.
//
//	go run ./test/publish DATA DATABASE LESSON FILE    (DATABASE "" = SQLite under DATA)
package main

import (
	"context"
	"log"
	"os"
	"path/filepath"

	"xueshi/internal/app"
	"xueshi/internal/catalog"
	"xueshi/internal/gateway/ffmpeg"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/media"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/sqldb"
)

func main() {
	if len(os.Args) != 5 {
		log.Fatal("publish DATA DATABASE LESSON FILE")
	}
	cfg := app.Config{Data: os.Args[1], Database: os.Args[2]}
	if err := publish(context.Background(), cfg, os.Args[3], os.Args[4]); err != nil {
		log.Fatal(err)
	}
}

func publish(ctx context.Context, cfg app.Config, lesson, file string) error {
	dir, err := os.MkdirTemp("", "publish")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := ffmpeg.NewTranscoder().Package(ctx, file, dir, func(int64, int64) {}); err != nil {
		return err
	}
	captions := "WEBVTT\n\n00:00.000 --> 10:00.000\n测试字幕\n"
	if err := os.WriteFile(filepath.Join(dir, "captions.vtt"), []byte(captions), 0o600); err != nil {
		return err
	}
	db, err := sqldb.Open(ctx, cfg.DSN(), clock.System{})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	return db.Write(ctx, func(tx *sqldb.Tx) error {
		return next(ctx, tx, blob.NewLocal(filepath.Join(cfg.Data, "blobs")), lesson, dir)
	})
}

func next(ctx context.Context, tx *sqldb.Tx, store blob.Store, lesson, dir string) error {
	var id string
	var rev int64
	if err := tx.QueryRowContext(ctx, `SELECT media_id, media_rev FROM lesson WHERE id = $1`, lesson).Scan(&id, &rev); err != nil {
		return err
	}
	m, err := media.Stage(store, os.DirFS(dir), id, rev+1)
	if err != nil {
		return err
	}
	m.TimeMap = media.TimeMap{}
	if err := media.AddTx(ctx, tx, m); err != nil {
		return err
	}
	return catalog.ImportedTx(ctx, tx, lesson, m.Rev)
}
