package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"nightbell/appliance/store"
)

var errOwn = errors.New("the change's own")

func TestUpdate(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*store.Tx) error
		want   error // nil: kept
	}{
		{"keeps what a change puts", func(tx *store.Tx) error { return tx.Put("b", "k", []byte("v")) }, nil},
		{"answers a failing change its own error", func(tx *store.Tx) error { tx.Put("b", "k", []byte("v")); return errOwn }, errOwn},
		{"leaves out a change of more than 1 MiB", func(tx *store.Tx) error {
			for i := range 9 {
				if err := tx.Put("b", fmt.Sprint("k", i), make([]byte, 128<<10)); err != nil {
					return err
				}
			}
			return tx.Put("b", "k", nil)
		}, store.ErrTooLarge},
		{"refuses a single value of more than 1 MiB", func(tx *store.Tx) error { return tx.Put("b", "k", make([]byte, 1<<20+1)) }, store.ErrTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, small(t.TempDir()))
			before := s.Seq()
			err := s.Update(t.Context(), c.change)
			if !errors.Is(err, c.want) {
				t.Fatalf("answered %v, want %v", err, c.want)
			}
			if _, ok := get(t, s, "b", "k"); ok != (c.want == nil) {
				t.Fatalf("kept: %v", ok)
			}
			if moved := s.Seq() != before; moved != (c.want == nil) {
				t.Fatalf("the sequence went from %d to %d", before, s.Seq())
			}
			put(t, s, "b", "after", "goes on")
		})
	}
}

func TestChangeCannotHideAFailedWrite(t *testing.T) {
	for name, change := range map[string]func(*store.Tx){
		"no bucket of capital letters": func(tx *store.Tx) { tx.Put("B", "k", nil) },
		"no bucket of the store's own": func(tx *store.Tx) { tx.Put("_head", "head", nil) },
		"no empty key":                 func(tx *store.Tx) { tx.Put("b", "", nil) },
		"no long key":                  func(tx *store.Tx) { tx.Put("b", strings.Repeat("k", 1025), nil) },
		"no key that is not text":      func(tx *store.Tx) { tx.Put("b", "\xff", nil) },
		"no deletion of such":          func(tx *store.Tx) { tx.Delete("b", "\xff") },
		"no number out of range":       func(tx *store.Tx) { store.PutEnvelope(tx, envelope(-5000)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, small(t.TempDir()))
			err := s.Update(t.Context(), func(tx *store.Tx) error {
				tx.Put("b", "with it", nil)
				change(tx)
				return nil
			})
			if err == nil {
				t.Fatal("the change was kept")
			}
			if _, ok := get(t, s, "b", "with it"); ok {
				t.Fatal("half of the change was kept")
			}
		})
	}
}

// together has the committer take all the changes in one batch: they are queued
// while it is held up in the change before.
func together(t *testing.T, s *store.Store, changes ...func(*store.Tx) error) []error {
	t.Helper()
	held, release := make(chan bool), make(chan bool)
	var all sync.WaitGroup
	first := sync.OnceFunc(func() { close(held); <-release })
	all.Go(func() {
		s.Update(background(), func(tx *store.Tx) error { first(); return nil })
	})
	<-held
	answers := make([]error, len(changes))
	for i, change := range changes {
		all.Go(func() { answers[i] = s.Update(background(), change) })
		eventually(t, "queued", func() bool { return store.Waiting(s) == i+1 })
	}
	close(release)
	all.Wait()
	return answers
}

func TestBatch(t *testing.T) {
	type change = func(*store.Tx) error
	good := func(key string) change { return func(tx *store.Tx) error { return tx.Put("b", key, nil) } }
	failing := func(key string) change {
		return func(tx *store.Tx) error { tx.Put("b", key, nil); return errOwn }
	}
	panicking := func(key string) change { return func(tx *store.Tx) error { tx.Put("b", key, nil); panic(key) } }
	refusing := func(tx *store.Tx) error { return errOwn }
	for _, c := range []struct {
		name    string
		changes []change
		kept    []string
		refused []int
	}{
		{"all good", []change{good("a"), good("b"), good("c")}, []string{"a", "b", "c"}, nil},
		{"one fails after it wrote", []change{good("a"), failing("x"), good("c")}, []string{"a", "c"}, []int{1}},
		{"one panics after it wrote", []change{good("a"), panicking("x"), good("c")}, []string{"a", "c"}, []int{1}},
		{"one refuses before it wrote", []change{good("a"), refusing, good("c")}, []string{"a", "c"}, []int{1}},
		{"the first fails", []change{failing("x"), good("b")}, []string{"b"}, []int{0}},
		{"the last panics", []change{good("a"), panicking("x")}, []string{"a"}, []int{1}},
		{"all fail", []change{failing("x"), panicking("y"), refusing}, nil, []int{0, 1, 2}},
		{"more fail than a batch is run again for", []change{failing("x"), good("a"), failing("x"), panicking("x"), failing("x"), failing("x"), good("b"), failing("x"), good("c")},
			[]string{"a", "b", "c"}, []int{0, 2, 3, 4, 5, 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, small(t.TempDir()))
			answers := together(t, s, c.changes...)
			var refused []int
			for i, err := range answers {
				if err != nil {
					refused = append(refused, i)
				}
			}
			if !slices.Equal(refused, c.refused) {
				t.Errorf("refused %v, want %v", refused, c.refused)
			}
			var kept []string
			view(t, s, func(tx *store.Tx) error {
				tx.Ascend("b", "", func(k string, _ []byte) bool { kept = append(kept, k); return true })
				return nil
			})
			if !slices.Equal(kept, c.kept) {
				t.Errorf("kept %v, want %v", kept, c.kept)
			}
		})
	}
}

func TestAPanicIsNotQuoted(t *testing.T) {
	s := open(t, small(t.TempDir()))
	err := s.Update(t.Context(), func(*store.Tx) error { panic("Mrs. Alvarez") })
	if err == nil || strings.Contains(err.Error(), "Alvarez") {
		t.Fatalf("answered %v", err)
	}
}

func TestWaitingChangesShareOneCommit(t *testing.T) {
	s := open(t, small(t.TempDir()))
	before := s.Seq()
	var changes []func(*store.Tx) error
	for i := range 20 {
		changes = append(changes, func(tx *store.Tx) error { return tx.Put("b", fmt.Sprint(i), nil) })
	}
	together(t, s, changes...)
	if n := s.Seq() - before; n != 1 {
		t.Fatalf("%d commits for 20 changes that waited together", n)
	}
}

func TestABatchClosesAt512KiB(t *testing.T) {
	s := open(t, small(t.TempDir()))
	var sizes []int
	s.Watch(func(w store.WriteSet) {
		b, _ := w.AppendBinary(nil)
		sizes = append(sizes, len(b))
	})
	var changes []func(*store.Tx) error
	for i := range 20 {
		changes = append(changes, func(tx *store.Tx) error { return tx.Put("b", fmt.Sprint(i), make([]byte, 100<<10)) })
	}
	for i, err := range together(t, s, changes...) {
		if err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
	}
	if len(sizes) != 4 {
		t.Fatalf("20 changes of 100 KiB made batches of %v", sizes)
	}
}

// A change that found what another of its batch wrote must not be answered
// before that is on disk.
func TestARefusalWaitsForWhatItSaw(t *testing.T) {
	s := open(t, small(t.TempDir()))
	var order []string
	s.Watch(func(store.WriteSet) { order = append(order, "committed") })
	seen := errors.New("it is there already")
	answers := together(t, s,
		func(tx *store.Tx) error { return tx.Put("b", "k", nil) },
		func(tx *store.Tx) error {
			if tx.Has("b", "k") {
				return seen
			}
			return nil
		})
	order = append(order, "answered")
	if answers[0] != nil || !errors.Is(answers[1], seen) || !slices.Equal(order, []string{"committed", "answered"}) {
		t.Fatalf("answers %v, order %v", answers, order)
	}
}

func TestUpdateEndsWithItsContextWhileItWaits(t *testing.T) {
	s := open(t, small(t.TempDir()))
	held, release := make(chan bool), make(chan bool)
	first := sync.OnceFunc(func() { close(held); <-release })
	var all sync.WaitGroup
	all.Go(func() { s.Update(background(), func(*store.Tx) error { first(); return nil }) })
	<-held
	ctx, cancel := context.WithCancel(t.Context())
	var answer error
	all.Go(func() {
		answer = s.Update(ctx, func(tx *store.Tx) error { return tx.Put("b", "k", nil) })
	})
	eventually(t, "queued", func() bool { return store.Waiting(s) == 1 })
	cancel()
	eventually(t, "taken back", func() bool { return store.Waiting(s) == 0 })
	close(release)
	all.Wait()
	if !errors.Is(answer, context.Canceled) {
		t.Fatalf("answered %v", answer)
	}
	if _, ok := get(t, s, "b", "k"); ok {
		t.Fatal("what was answered as refused was kept")
	}
}

func TestCloseCommitsWhatWaits(t *testing.T) {
	dir := t.TempDir()
	s := open(t, small(dir))
	var all sync.WaitGroup
	answers := make([]error, 50)
	for i := range answers {
		all.Go(func() {
			answers[i] = s.Update(background(), func(tx *store.Tx) error { return tx.Put("b", fmt.Sprint(i), nil) })
		})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if err := s.Update(t.Context(), func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := s.View(func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("View after Close: %v", err)
	}
	s = open(t, small(dir))
	for i, err := range answers {
		if _, ok := get(t, s, "b", fmt.Sprint(i)); ok != (err == nil) {
			t.Errorf("change %d was answered %v and is kept: %v", i, err, ok)
		}
		if err != nil && !errors.Is(err, store.ErrClosed) {
			t.Errorf("change %d: %v", i, err)
		}
	}
}

func TestManyCallersLoseNothing(t *testing.T) {
	dir := t.TempDir()
	s := open(t, small(dir))
	var all sync.WaitGroup
	const callers, each = 16, 40
	for c := range callers {
		all.Go(func() {
			for i := range each {
				err := s.Update(background(), func(tx *store.Tx) error {
					n := len(tx.Get("n", "count"))
					if i%7 == 3 {
						tx.Put("n", "count", nil)
						return errOwn
					}
					return errors.Join(tx.Put("n", "count", make([]byte, n+1)), tx.Put("b", fmt.Sprint(c, "/", i), nil))
				})
				if (err != nil) != (i%7 == 3) {
					t.Errorf("change %d of caller %d: %v", i, c, err)
				}
			}
		})
	}
	all.Wait()
	s.Close()
	s = open(t, small(dir))
	kept := 0
	view(t, s, func(tx *store.Tx) error {
		tx.Ascend("b", "", func(string, []byte) bool { kept++; return true })
		if n := len(tx.Get("n", "count")); n != kept {
			t.Errorf("counted %d, kept %d", n, kept)
		}
		return nil
	})
	if want := callers * (each - 6); kept != want {
		t.Errorf("kept %d, want %d", kept, want)
	}
}

func TestWatchersSeeACommitBeforeItsCallerDoes(t *testing.T) {
	s := open(t, small(t.TempDir()))
	var seen []store.WriteSet
	s.Watch(func(w store.WriteSet) { seen = append(seen, w) })
	for i := range 5 {
		put(t, s, "b", fmt.Sprint(i), "v")
		if len(seen) != i+1 || seen[i].Seq != s.Seq() || !seen[i].Touches("b") || seen[i].Touches("c") {
			t.Fatalf("after commit %d: %v", i, seen)
		}
	}
	for i, w := range seen[1:] {
		if w.Prev != seen[i].Hash() || w.Seq != seen[i].Seq+1 {
			t.Fatalf("write set %d does not follow", w.Seq)
		}
	}
	if _, hash := s.Head(); hash != seen[4].Hash() {
		t.Fatal("the head is not the last write set")
	}
	if !s.LastCommit().Equal(morning) {
		t.Fatalf("last commit at %v", s.LastCommit())
	}
}

func TestReadingAloneMakesNoWriteSet(t *testing.T) {
	s := open(t, small(t.TempDir()))
	before := s.Seq()
	update(t, s, func(tx *store.Tx) error { tx.Get("b", "k"); return tx.Delete("b", "k") })
	if s.Seq() != before {
		t.Fatal("a change that changed nothing was committed")
	}
}

func TestAChangeThatEndsItsGoroutineBreaksTheStoreAndHangsNobody(t *testing.T) {
	s := open(t, small(t.TempDir()))
	answers := together(t, s,
		func(tx *store.Tx) error { return tx.Put("b", "k", nil) },
		func(*store.Tx) error { runtime.Goexit(); return nil },
		func(tx *store.Tx) error { return tx.Put("b", "later", nil) })
	for i, err := range answers {
		if err == nil {
			t.Errorf("change %d was answered as kept", i)
		}
	}
	<-s.Broken()
	if err := s.Update(t.Context(), func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrBroken) {
		t.Errorf("afterwards: %v", err)
	}
}
