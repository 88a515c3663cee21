package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"nightbell/appliance/audit"
	"nightbell/appliance/store"
)

func TestASoundLogVerifies(t *testing.T) {
	s := open(t)
	at := 0
	for _, size := range []int{0, 1, 2, 7, 8, 100, 4095, 4096, 4097, 9000} {
		appendTo(t, s, at, size)
		at = size
		r := verify(t, s)
		if r.FirstBad != nil || r.Records != int64(size) || r.Root != head(t, s).Root {
			t.Fatalf("%d leaves: %+v, first bad %v", size, r, r.FirstBad)
		}
	}
}

// Buckets and keys as they lie on disk: the tests below tamper with them.
const (
	leaves = "audit-leaves"
	hashes = "audit-hashes"
)

func key(n int64) string { return fmt.Sprintf("%012d", n) }

func TestTamperingIsFoundAndNamed(t *testing.T) {
	for _, c := range []struct {
		name   string
		tamper func(tx *store.Tx) error
		first  int64
		says   string
	}{
		{"a leaf changed", func(tx *store.Tx) error {
			return tx.Put(leaves, key(41), bytes.Replace(tx.Get(leaves, key(41)), []byte("p1"), []byte("p2"), 1))
		}, 41, "does not give its stored hash"},
		{"a leaf put in another's place", func(tx *store.Tx) error { return tx.Put(leaves, key(41), tx.Get(leaves, key(40))) }, 41, "another's"},
		{"a leaf of no sense", func(tx *store.Tx) error { return tx.Put(leaves, key(3), []byte("x")) }, 3, "decode"},
		{"the first leaf changed", func(tx *store.Tx) error { return tx.Put(leaves, key(0), append(tx.Get(leaves, key(0)), ' ')) }, 0, "stored hash"},
		{"a leaf deleted in the middle", func(tx *store.Tx) error { return tx.Delete(leaves, key(41)) }, 41, "missing"},
		{"the last leaf deleted", func(tx *store.Tx) error { return tx.Delete(leaves, key(99)) }, 99, "missing"},
		{"all leaves deleted", func(tx *store.Tx) error {
			for n := range int64(100) {
				tx.Delete(leaves, key(n))
			}
			return nil
		}, 0, "missing"},
		{"a stored hash of a leaf changed", func(tx *store.Tx) error { return tx.Put(hashes, key(tlog.StoredHashIndex(0, 41)), make([]byte, 32)) }, 41, "stored hash"},
		{"a stored hash of a subtree changed", func(tx *store.Tx) error { return tx.Put(hashes, key(tlog.StoredHashIndex(2, 5)), make([]byte, 32)) }, 20, "20 to 23"},
		{"a stored hash deleted", func(tx *store.Tx) error { return tx.Delete(hashes, key(tlog.StoredHashIndex(1, 7))) }, 14, "14 to 15"},
		{"a leaf changed with its hash", func(tx *store.Tx) error {
			data := bytes.Replace(tx.Get(leaves, key(41)), []byte("p1"), []byte("p2"), 1)
			h := tlog.RecordHash(data)
			return errors.Join(tx.Put(leaves, key(41), data), tx.Put(hashes, key(tlog.StoredHashIndex(0, 41)), h[:]))
		}, 40, "40 to 41"},
		{"cut short, the size too", func(tx *store.Tx) error {
			for n := int64(90); n < 100; n++ {
				tx.Delete(leaves, key(n))
			}
			return tx.Put("audit", "size", []byte("90"))
		}, 90, "beyond the end"},
		{"a leaf slipped in after the end", func(tx *store.Tx) error { return tx.Put(leaves, key(100), tx.Get(leaves, key(99))) }, 100, "beyond the end"},
		{"a size that is no number", func(tx *store.Tx) error { return tx.Put("audit", "size", []byte(`"100"`)) }, 0, "size"},
		{"a size larger than the log", func(tx *store.Tx) error { return tx.Put("audit", "size", []byte("101")) }, 100, "missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := log(t, 100)
			update(t, s, c.tamper)
			r := verify(t, s)
			if r.FirstBad == nil || *r.FirstBad != c.first || !strings.Contains(r.Why, c.says) {
				t.Fatalf("found %+v, want record %d", r, c.first)
			}
			if r.Records > 100 || r.FirstBad != nil && *r.FirstBad > r.Records+1 {
				t.Fatalf("%d sound records, the first bad one is %d", r.Records, *r.FirstBad)
			}
		})
	}
}

// Whatever single byte is changed, it is found.
func TestNoByteCanBeChanged(t *testing.T) {
	s := log(t, 37)
	rapid.Check(t, func(rt *rapid.T) {
		bucket := rapid.SampledFrom([]string{leaves, hashes}).Draw(rt, "bucket")
		limit := int64(37)
		if bucket == hashes {
			limit = tlog.StoredHashCount(37)
		}
		k := key(rapid.Int64Range(0, limit-1).Draw(rt, "key"))
		var before []byte
		s.View(func(tx *store.Tx) error { before = tx.Get(bucket, k); return nil })
		bad := bytes.Clone(before)
		bad[rapid.IntRange(0, len(bad)-1).Draw(rt, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		update(t, s, func(tx *store.Tx) error { return tx.Put(bucket, k, bad) })
		if r := verify(t, s); r.FirstBad == nil {
			rt.Fatalf("%s %s was changed from %q to %q and nobody saw", bucket, k, before, bad)
		}
		update(t, s, func(tx *store.Tx) error { return tx.Put(bucket, k, before) })
	})
	if r := verify(t, s); r.FirstBad != nil {
		t.Fatal("all put back, and still not sound")
	}
}

// A whole new log is sound in itself: only what was kept elsewhere shows it.
func TestCheckpointsKeptElsewhereShowAnotherLog(t *testing.T) {
	s := log(t, 20)
	c20 := head(t, s)
	appendTo(t, s, 20, 50)
	c50 := head(t, s)
	if r := verify(t, s, c50, c20, audit.Checkpoint{Root: rootOfNothing}); r.FirstBad != nil {
		t.Fatalf("its own checkpoints: %+v", r)
	}
	for _, c := range []struct {
		name  string
		other func(t *testing.T) *store.Store
		first int64
	}{
		{"written anew from record 30 on", func(t *testing.T) *store.Store {
			o := log(t, 30)
			appendFrom(t, o, 30, 60, "p2")
			return o
		}, 20},
		{"written anew from the start", func(t *testing.T) *store.Store {
			o := open(t)
			appendFrom(t, o, 0, 60, "p2")
			return o
		}, 0},
		{"cut short with all that belongs to it", func(t *testing.T) *store.Store { return log(t, 45) }, 45},
		{"empty", func(t *testing.T) *store.Store { return open(t) }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := c.other(t)
			if r := verify(t, o); r.FirstBad != nil {
				t.Fatalf("in itself: %+v", r)
			}
			r := verify(t, o, c20, c50)
			if r.FirstBad == nil || *r.FirstBad != c.first || !strings.Contains(r.Why, "kept elsewhere") {
				t.Fatalf("found %+v, want record %d", r, c.first)
			}
		})
	}
}

const rootOfNothing = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" // SHA-256 of nothing

func appendFrom(t *testing.T, s *store.Store, from, to int, who string) {
	update(t, s, func(tx *store.Tx) error {
		for i := from; i < to; i++ {
			l := leaf(i)
			l.Who = who
			if _, err := audit.Append(tx, l); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestVerifyEndsWithItsContext(t *testing.T) {
	s := log(t, 10)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := audit.Verify(ctx, s); !errors.Is(err, context.Canceled) {
		t.Errorf("Verify: %v", err)
	}
	if err := audit.Export(ctx, s, &bytes.Buffer{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Export: %v", err)
	}
}

// What is appended while a log is verified is not its break.
func TestVerifyGoesOnWhileTheLogGrows(t *testing.T) {
	s := log(t, 5000)
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for n := 5000; ; n++ {
			select {
			case <-stop:
				return
			default:
				s.Update(context.Background(), func(tx *store.Tx) error { _, err := audit.Append(tx, leaf(n)); return err })
			}
		}
	}()
	for range 5 {
		if r := verify(t, s); r.FirstBad != nil {
			t.Errorf("found %+v", r)
		}
	}
	close(stop)
	<-done
}
