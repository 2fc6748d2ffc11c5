// Command publish gives a lesson of a test city other media: it packages a file as the platform does and makes it the
// lesson's next revision as soon as its input has a line or ends. Its content is new, or, with HEAD_MS, the content that is
// played without its first HEAD_MS milliseconds. Browser tests use it.
//
//	go run ./test/publish DATA DATABASE LESSON FILE [HEAD_MS]    (DATABASE "" = SQLite under DATA)
package main

import (
	"bufio"
	"context"
	"log"
	"os"
	"path/filepath"
	"strconv"

	"xueshi/internal/app"
	"xueshi/internal/catalog"
	"xueshi/internal/gateway/ffmpeg"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/media"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/sqldb"
)

func main() {
	if len(os.Args) != 5 && len(os.Args) != 6 {
		log.Fatal("publish DATA DATABASE LESSON FILE [HEAD_MS]")
	}
	cfg, head := app.Config{Data: os.Args[1], Database: os.Args[2]}, int64(other)
	if len(os.Args) == 6 {
		var err error
		if head, err = strconv.ParseInt(os.Args[5], 10, 64); err != nil {
			log.Fatal(err)
		}
	}
	if err := publish(context.Background(), cfg, os.Args[3], os.Args[4], head); err != nil {
		log.Fatal(err)
	}
}

// other stands for a head: the content is another one.
const other = -1

func publish(ctx context.Context, cfg app.Config, lesson, file string, head int64) error {
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
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	db, err := sqldb.Open(ctx, cfg.DSN(), clock.System{})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	return db.Write(ctx, func(tx *sqldb.Tx) error {
		return next(ctx, tx, blob.NewLocal(filepath.Join(cfg.Data, "blobs")), lesson, dir, head)
	})
}

func next(ctx context.Context, tx *sqldb.Tx, store blob.Store, lesson, dir string, head int64) error {
	var id string
	var rev int64
	if err := tx.QueryRowContext(ctx, `SELECT media_id, media_rev FROM lesson WHERE id = $1`, lesson).Scan(&id, &rev); err != nil {
		return err
	}
	m, err := media.Stage(ctx, store, os.DirFS(dir), id, rev+1)
	if err != nil {
		return err
	}
	m.BaseRev, m.TimeMap = rev, media.TimeMap{}
	if head != other {
		base, err := media.Tx(ctx, tx, id, rev)
		if err != nil {
			return err
		}
		m.TimeMap = media.Trimmed(head, min(m.DurationMS, base.DurationMS-head))
	}
	if err := media.AddTx(ctx, tx, m); err != nil {
		return err
	}
	return catalog.ImportedTx(ctx, tx, lesson, m.Rev)
}
