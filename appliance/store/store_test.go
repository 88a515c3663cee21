package store_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/store"
)

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, dir string)
		want    error
		says    string
	}{
		{"a store of a newer version", func(t *testing.T, dir string) {
			s := open(t, small(dir))
			put(t, s, "schema", "version", "9")
			s.Close()
		}, store.ErrNewer, "install the newer version"},
		{"a store that another has open", func(t *testing.T, dir string) { open(t, small(dir)) }, store.ErrInUse, "in use"},
		{"a file that is no store", func(t *testing.T, dir string) {
			os.WriteFile(filepath.Join(dir, "store.db"), []byte(strings.Repeat("no store", 9000)), 0o600)
		}, store.ErrDamaged, "damaged"},
		{"a store that was cut short", func(t *testing.T, dir string) {
			open(t, small(dir)).Close()
			os.Truncate(filepath.Join(dir, "store.db"), 5000)
		}, store.ErrDamaged, "damaged"},
		{"a store without its end", func(t *testing.T, dir string) {
			s := open(t, small(dir))
			put(t, s, "b", "k", strings.Repeat("v", 300<<10))
			s.Close()
			os.Truncate(filepath.Join(dir, "store.db"), 64<<10)
		}, store.ErrDamaged, "damaged"},
		{"a store of a few bytes", func(t *testing.T, dir string) {
			os.WriteFile(filepath.Join(dir, "store.db"), []byte("x"), 0o600)
		}, store.ErrDamaged, "cut short"},
		{"a schema version that is no number", func(t *testing.T, dir string) {
			s := open(t, small(dir))
			put(t, s, "schema", "version", "one")
			s.Close()
		}, store.ErrDamaged, "damaged"},
		{"a folder that is not there", func(t *testing.T, dir string) { os.Remove(dir) }, os.ErrNotExist, "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.prepare(t, dir)
			s, err := store.Open(t.Context(), small(dir))
			if err == nil {
				s.Close()
				t.Fatal("it opened")
			}
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("answered %v", err)
			}
		})
	}
}

func TestANewerStoreIsLeftAsItIs(t *testing.T) {
	dir := t.TempDir()
	s := open(t, small(dir))
	put(t, s, "schema", "version", "9")
	s.Close()
	before, err := os.ReadFile(filepath.Join(dir, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), small(dir)); !errors.Is(err, store.ErrNewer) {
		t.Fatal(err)
	}
	after, err := os.ReadFile(filepath.Join(dir, "store.db"))
	if err != nil || string(before) != string(after) {
		t.Fatal("a refused store was changed")
	}
}

func TestOpenWaitsForTheOtherToLetGo(t *testing.T) {
	dir := t.TempDir()
	first := open(t, small(dir))
	opened := make(chan error)
	go func() {
		o := small(dir)
		o.Wait = time.Minute
		s, err := store.Open(background(), o)
		if err == nil {
			err = s.Close()
		}
		opened <- err
	}()
	first.Close()
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	open(t, small(dir))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := small(dir)
	o.Wait = time.Hour
	if _, err := store.Open(ctx, o); !errors.Is(err, store.ErrInUse) {
		t.Fatal(err)
	}
}

func TestSeqHashAndTimeOutliveTheProcess(t *testing.T) {
	dir := t.TempDir()
	s := open(t, small(dir))
	put(t, s, "b", "k", "v")
	seq, hash := s.Head()
	view(t, s, func(tx *store.Tx) error {
		if n, err := tx.Seq(); err != nil || n != seq {
			t.Errorf("a View is at %d, %v", n, err)
		}
		return nil
	})
	s.Close()
	s = open(t, small(dir))
	if again, h := s.Head(); again != seq || h != hash || !s.LastCommit().Equal(morning) {
		t.Fatalf("was %d, is %d", seq, again)
	}
	var next store.WriteSet
	s.Watch(func(w store.WriteSet) { next = w })
	put(t, s, "b", "k", "w")
	if next.Seq != seq+1 || next.Prev != hash {
		t.Fatal("the sequence has a gap")
	}
}

func TestRoomIsThatOfTheDisk(t *testing.T) {
	s := open(t, small(t.TempDir()))
	if n, err := s.Room(); err != nil || n <= 0 {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if err := s.Accepting(); err != nil {
		t.Fatal(err)
	}
}

func TestTwoStoresLieSideBySide(t *testing.T) {
	dir := t.TempDir()
	a := open(t, small(dir))
	o := small(dir)
	o.File = store.NodeFile
	b := open(t, o)
	put(t, a, "b", "k", "a")
	put(t, b, "b", "k", "b")
	if v, _ := get(t, a, "b", "k"); v != "a" || a.Dir() != dir {
		t.Fatalf("got %q", v)
	}
}

func TestLoadMakesTheSameStore(t *testing.T) {
	s := open(t, small(t.TempDir()))
	for i := range 300 {
		update(t, s, func(tx *store.Tx) error {
			return errors.Join(store.PutEnvelope(tx, envelope(i)), store.PutPack(tx, newID(i), make([]byte, 3000)))
		})
	}
	o := small(t.TempDir())
	err := store.Load(t.Context(), o, func(put func(bucket, key string, value []byte) error) error {
		return s.View(func(tx *store.Tx) (err error) {
			for _, b := range tx.Buckets() {
				tx.Ascend(b, "", func(k string, v []byte) bool {
					err = put(b, k, v)
					return err == nil
				})
			}
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	loaded := open(t, o)
	if !maps.Equal(dump(t, s), dump(t, loaded)) {
		t.Fatal("the loaded store differs")
	}
	seq, hash := s.Head()
	if n, h := loaded.Head(); n != seq || h != hash {
		t.Fatal("the loaded store does not go on from the same write set")
	}
	put(t, loaded, "b", "k", "v")
}

func TestLoadOverwritesNothingAndLeavesNothingHalf(t *testing.T) {
	o := small(t.TempDir())
	err := store.Load(t.Context(), o, func(put func(bucket, key string, value []byte) error) error {
		put("b", "k", nil)
		return errOwn
	})
	if !errors.Is(err, errOwn) {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(o.Dir, "store.db")); !errors.Is(err, os.ErrNotExist) {
		t.Fatal("half a store was left")
	}
	put(t, open(t, o), "b", "k", "v")
	if err := store.Load(t.Context(), o, func(func(bucket, key string, value []byte) error) error { return nil }); err == nil {
		t.Fatal("an existing store was overwritten")
	}
}
