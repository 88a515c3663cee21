package store_test

import (
	"strings"
	"testing"

	"nightbell/appliance/store"
)

func TestViewCannotWriteAndAKeptTxIsDead(t *testing.T) {
	s := open(t, small(t.TempDir()))
	put(t, s, "b", "k", "v")
	var kept *store.Tx
	view(t, s, func(tx *store.Tx) error {
		kept = tx
		if tx.Put("b", "k", nil) == nil || tx.Delete("b", "k") == nil {
			t.Error("a View wrote")
		}
		return nil
	})
	defer func() {
		if recover() == nil {
			t.Error("a Tx was used after its end")
		}
	}()
	kept.Get("b", "k")
}

func TestCursors(t *testing.T) {
	s := open(t, small(t.TempDir()))
	for _, k := range []string{"a/1", "a/2", "b/1", "b/2", "b/3", "c/1"} {
		put(t, s, "keys", k, "")
	}
	type step func(*store.Tx, func(string, []byte) bool)
	for _, c := range []struct {
		name string
		walk step
		want string
	}{
		{"ascend from the start", func(tx *store.Tx, f func(string, []byte) bool) { tx.Ascend("keys", "", f) }, "a/1 a/2 b/1 b/2 b/3 c/1"},
		{"ascend from a key between", func(tx *store.Tx, f func(string, []byte) bool) { tx.Ascend("keys", "b", f) }, "b/1 b/2 b/3 c/1"},
		{"descend from the end", func(tx *store.Tx, f func(string, []byte) bool) { tx.Descend("keys", "", f) }, "c/1 b/3 b/2 b/1 a/2 a/1"},
		{"descend before a key", func(tx *store.Tx, f func(string, []byte) bool) { tx.Descend("keys", "b/2", f) }, "b/1 a/2 a/1"},
		{"descend before the first", func(tx *store.Tx, f func(string, []byte) bool) { tx.Descend("keys", "a/1", f) }, ""},
		{"descend before a key past the end", func(tx *store.Tx, f func(string, []byte) bool) { tx.Descend("keys", "z", f) }, "c/1 b/3 b/2 b/1 a/2 a/1"},
		{"ascend a prefix", func(tx *store.Tx, f func(string, []byte) bool) { tx.AscendPrefix("keys", "b/", f) }, "b/1 b/2 b/3"},
		{"descend a prefix", func(tx *store.Tx, f func(string, []byte) bool) { tx.DescendPrefix("keys", "b/", "", f) }, "b/3 b/2 b/1"},
		{"descend a prefix before a key", func(tx *store.Tx, f func(string, []byte) bool) { tx.DescendPrefix("keys", "b/", "b/3", f) }, "b/2 b/1"},
		{"descend the last prefix", func(tx *store.Tx, f func(string, []byte) bool) { tx.DescendPrefix("keys", "c/", "", f) }, "c/1"},
		{"a bucket that is not there", func(tx *store.Tx, f func(string, []byte) bool) { tx.Ascend("none", "", f); tx.Descend("none", "", f) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			view(t, s, func(tx *store.Tx) error {
				var got []string
				c.walk(tx, func(k string, _ []byte) bool { got = append(got, k); return true })
				if strings.Join(got, " ") != c.want {
					t.Errorf("got %v, want %s", got, c.want)
				}
				n := 0
				c.walk(tx, func(string, []byte) bool { n++; return false })
				if n > 1 && c.want != "" {
					t.Error("went on after false")
				}
				return nil
			})
		})
	}
}
