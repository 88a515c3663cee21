package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"golang.org/x/mod/sumdb/tlog"

	"nightbell/appliance/audit"
	"nightbell/appliance/store"
)

var morning = time.Date(2026, 11, 24, 8, 30, 0, 0, time.UTC)

func open(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), Clock: clockwork.NewFakeClockAt(morning), ReserveBytes: 256 << 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func update(t testing.TB, s *store.Store, change func(*store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

func leaf(n int) audit.Leaf {
	return audit.Leaf{At: morning.Add(time.Duration(n) * time.Second), Who: "p1", What: audit.ReadMessage, About: []string{fmt.Sprintf("m%d", n)}}
}

// log is a store with a log of so many leaves.
func log(t testing.TB, leaves int) *store.Store {
	t.Helper()
	s := open(t)
	appendTo(t, s, 0, leaves)
	return s
}

func appendTo(t testing.TB, s *store.Store, from, to int) {
	t.Helper()
	for from < to {
		end := min(from+500, to)
		update(t, s, func(tx *store.Tx) error {
			for i := from; i < end; i++ {
				if n, err := audit.Append(tx, leaf(i)); err != nil || n != int64(i) {
					return fmt.Errorf("leaf %d got number %d: %w", i, n, err)
				}
			}
			return nil
		})
		from = end
	}
}

func verify(t testing.TB, s *store.Store, known ...audit.Checkpoint) audit.Report {
	t.Helper()
	r, err := audit.Verify(t.Context(), s, known...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func head(t testing.TB, s *store.Store) (c audit.Checkpoint) {
	t.Helper()
	err := s.View(func(tx *store.Tx) (err error) {
		c, err = audit.Head(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The roots are those that anybody computes who has the exported leaves.
func TestTheRootIsThatOfTheExportedLines(t *testing.T) {
	s := log(t, 77)
	var out bytes.Buffer
	if err := audit.Export(t.Context(), s, &out); err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(out.Bytes(), []byte("\n")), []byte("\n"))
	if len(lines) != 77 {
		t.Fatalf("%d lines", len(lines))
	}
	var stored []tlog.Hash
	for n, line := range lines {
		hashes, err := tlog.StoredHashes(int64(n), line, tlog.HashReaderFunc(func(indexes []int64) (list []tlog.Hash, err error) {
			for _, i := range indexes {
				list = append(list, stored[i])
			}
			return list, nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
		var l audit.Leaf
		if err := json.Unmarshal(line, &l); err != nil || l.N != int64(n) || l.About[0] != fmt.Sprintf("m%d", n) {
			t.Fatalf("line %d is %s", n, line)
		}
	}
	root, err := tlog.TreeHash(77, tlog.HashReaderFunc(func(indexes []int64) (list []tlog.Hash, err error) {
		for _, i := range indexes {
			list = append(list, stored[i])
		}
		return list, nil
	}))
	if err != nil || root.String() != head(t, s).Root {
		t.Fatalf("root %v, want %s (%v)", root, head(t, s).Root, err)
	}
}

func TestRootAtIsThatOfThen(t *testing.T) {
	s := open(t)
	var roots []string
	for i := range 40 {
		roots = append(roots, head(t, s).Root)
		appendTo(t, s, i, i+1)
	}
	s.View(func(tx *store.Tx) error {
		for n, want := range roots {
			if got, err := audit.RootAt(tx, int64(n)); err != nil || got != want {
				t.Errorf("root of %d: %s, want %s (%v)", n, got, want, err)
			}
		}
		for _, n := range []int64{-1, 41} {
			if _, err := audit.RootAt(tx, n); err == nil {
				t.Errorf("a root of %d records", n)
			}
		}
		return nil
	})
}

func TestALeafIsKeptWithWhatItRecordsOrNotAtAll(t *testing.T) {
	s := open(t)
	own := errors.New("own")
	s.Update(t.Context(), func(tx *store.Tx) error {
		audit.Append(tx, leaf(0))
		tx.Put("b", "k", nil)
		return own
	})
	if c := head(t, s); c.Size != 0 {
		t.Fatal("a leaf without what it records")
	}
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		bad := leaf(0)
		bad.About = []string{"Maria Alvarez"}
		audit.Append(tx, bad)
		return tx.Put("b", "k", nil)
	})
	s.View(func(tx *store.Tx) error {
		if err == nil || tx.Has("b", "k") {
			t.Error("something done without its leaf, by whoever dropped the error")
		}
		return nil
	})
}

func TestAppendTakesIDsAndCodesOnly(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*audit.Leaf)
		ok    bool
	}{
		"ids of every kind": {func(l *audit.Leaf) {
			l.About = []string{"019abcde-0000-7000-8000-000000000001", "d-7", "2026-11-24.calls.k7fm"}
		}, true},
		"an IPv6 address":          {func(l *audit.Leaf) { l.From = "fe80::1%eth0" }, true},
		"an age recipient":         {func(l *audit.Leaf) { l.Data = map[string]string{"recipient": "age1pq1" + strings.Repeat("q", 1960)} }, true},
		"a hash in base64":         {func(l *audit.Leaf) { l.Data = map[string]string{"root": rootOfNothing} }, true},
		"a name":                   {func(l *audit.Leaf) { l.About = []string{"Maria Alvarez"} }, false},
		"a name with an accent":    {func(l *audit.Leaf) { l.About = []string{"José"} }, false},
		"a mail address":           {func(l *audit.Leaf) { l.About = []string{"maria@example.org"} }, false},
		"a typed reason":           {func(l *audit.Leaf) { l.Why = "wants her results" }, false},
		"somebody with spaces":     {func(l *audit.Leaf) { l.Who = "front desk" }, false},
		"nobody":                   {func(l *audit.Leaf) { l.Who = "" }, false},
		"nothing done":             {func(l *audit.Leaf) { l.What = "" }, false},
		"what is no code":          {func(l *audit.Leaf) { l.What = "a b" }, false},
		"from a place with spaces": {func(l *audit.Leaf) { l.From = "the office" }, false},
		"a long id":                {func(l *audit.Leaf) { l.About = []string{strings.Repeat("a", 257)} }, false},
		"an empty id":              {func(l *audit.Leaf) { l.About = []string{""} }, false},
		"too many ids":             {func(l *audit.Leaf) { l.About = make([]string, 1001) }, false},
		"data with a line break":   {func(l *audit.Leaf) { l.Data = map[string]string{"k": "a\nb"} }, false},
		"data of a long name":      {func(l *audit.Leaf) { l.Data = map[string]string{"a b": "c"} }, false},
		"less than nothing":        {func(l *audit.Leaf) { l.Count = -1 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			l := leaf(0)
			c.spoil(&l)
			err := s.Update(t.Context(), func(tx *store.Tx) error { _, err := audit.Append(tx, l); return err })
			if (err == nil) != c.ok {
				t.Fatalf("answered %v", err)
			}
			if err != nil && (strings.Contains(err.Error(), "Alvarez") || strings.Contains(err.Error(), "maria")) {
				t.Fatalf("the error quotes: %v", err)
			}
		})
	}
}

func TestRange(t *testing.T) {
	s := log(t, 10)
	for _, c := range []struct {
		from  int64
		limit int
		want  int
	}{{0, 100, 10}, {0, 3, 3}, {8, 5, 2}, {10, 5, 0}, {-4, 2, 2}, {3, 0, 0}} {
		s.View(func(tx *store.Tx) error {
			list, err := audit.Range(tx, c.from, c.limit)
			if err != nil || len(list) != c.want || c.want > 0 && list[0].N != max(c.from, 0) {
				t.Errorf("from %d, at most %d: %d leaves, %v", c.from, c.limit, len(list), err)
			}
			return nil
		})
	}
	update(t, s, func(tx *store.Tx) error { return tx.Put(leaves, key(4), []byte("x")) })
	s.View(func(tx *store.Tx) error {
		if _, err := audit.Range(tx, 0, 10); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("a leaf of no sense: %v", err)
		}
		return nil
	})
}

// A leaf as the first version wrote it, and the root of three like it. They are
// never changed: logs begin with them.
func TestTheFirstFormatStays(t *testing.T) {
	s := log(t, 3)
	var line []byte
	s.View(func(tx *store.Tx) error { line = tx.Get("audit-leaves", "000000000002"); return nil })
	if want := `{"n":2,"at":"2026-11-24T08:30:02Z","who":"p1","what":"read-message","about":["m2"]}`; string(line) != want {
		t.Errorf("a leaf is %s", line)
	}
	if c := head(t, s); c.Root != "uCm79jfIrIJWGCLl+m4HIXMRU9T1TlhtQIcxq43ieU4=" {
		t.Errorf("the root is %s", c.Root)
	}
}
