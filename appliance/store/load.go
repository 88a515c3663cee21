package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// loadBatch is how much Load puts into one transaction.
const loadBatch = 8 << 20

// Load makes a store that is not there yet with exactly what fill puts, the
// store's own bucket too, as Tx.Buckets and its cursors gave it out: the schema,
// and number and hash of the last write set, which the new store goes on from.
// Keys in order go fastest. What was there is never overwritten, and what failed
// is removed. Open comes afterwards and migrates as usual.
func Load(ctx context.Context, o Options, fill func(put func(bucket, key string, value []byte) error) error) (err error) {
	o = o.withDefaults()
	path := filepath.Join(o.Dir, o.File)
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("loading %s: it is there already", path)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("loading %s: %w", path, err)
	}
	db, err := openBolt(path, bbolt.Options{
		Timeout: o.Wait, FreelistType: bbolt.FreelistMapType, InitialMmapSize: 0, NoSync: true, OpenFile: o.OpenFile,
	})
	if err != nil {
		return fmt.Errorf("loading %s: %w", path, openError(err))
	}
	l := loader{ctx: ctx, db: db}
	err = fill(l.put)
	if err == nil {
		err = l.finish()
	}
	l.rollback()
	if err = errors.Join(err, db.Close()); err == nil {
		err = SyncDir(o.Dir)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("loading %s: %w", path, openError(err)), os.Remove(path))
	}
	return nil
}

type loader struct {
	ctx   context.Context
	db    *bbolt.DB
	tx    *Tx
	bytes int
}

func (l *loader) put(bucket, key string, value []byte) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	if bucket != headBucket && !validBucket(bucket) {
		return fmt.Errorf("no bucket may be named %q", bucket)
	}
	if l.tx == nil {
		btx, err := l.db.Begin(true)
		if err != nil {
			return err
		}
		l.tx = &Tx{bolt: btx}
	}
	b, err := l.tx.makeBucket(bucket)
	if err != nil {
		return err
	}
	if err := b.Put([]byte(key), append([]byte{}, value...)); err != nil {
		return fmt.Errorf("putting into %s: %w", bucket, err)
	}
	if l.bytes += len(key) + len(value); l.bytes < loadBatch {
		return nil
	}
	return l.commit()
}

func (l *loader) commit() error {
	if l.tx == nil {
		return nil
	}
	err := commitBolt(l.tx.bolt)
	l.tx, l.bytes = nil, 0
	return err
}

func (l *loader) rollback() {
	if l.tx != nil {
		l.tx.bolt.Rollback()
	}
}

// finish puts it all on disk.
func (l *loader) finish() error {
	if err := l.commit(); err != nil {
		return err
	}
	return l.db.Sync()
}
