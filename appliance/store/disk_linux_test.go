package store_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// tmpfs mounts a small file system of its own. Where that is not allowed the
// test fails: a promise about full disks that nobody tried is none.
func tmpfs(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatalf("mounting a tmpfs (this test runs as root): %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// fill leaves no byte of a disk free.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for b := make([]byte, 1<<20); len(b) > 0; {
		if n, err := f.Write(b); n == 0 && err != nil {
			b = b[:len(b)/2]
		}
	}
}

// practice takes messages in as intake does, and works them as a desk does.
type practice struct {
	*store.Store
	t     *testing.T
	taken int
}

// take takes messages until intake is refused, and answers how many it took.
func (p *practice) take(atMost int) (n int) {
	for ; n < atMost && p.Accepting() == nil; n++ {
		i := p.taken
		err := p.Update(background(), func(tx *store.Tx) error {
			return errors.Join(store.PutEnvelope(tx, envelope(i)), store.PutPack(tx, newID(i), make([]byte, 2500)), store.AddEvent(tx, newID(i), message.Event{What: message.EventTaken}))
		})
		if errors.Is(err, store.ErrFull) {
			return n
		}
		if err != nil {
			p.t.Fatal(err)
		}
		p.taken++
	}
	return n
}

// acknowledge has a person take each message.
func (p *practice) acknowledge() {
	p.t.Helper()
	for i := range p.taken {
		err := p.Update(background(), func(tx *store.Tx) error {
			e := envelope(i)
			e.Status, e.Assignee = message.Taken, "p1"
			return errors.Join(store.PutEnvelope(tx, e), store.AddEvent(tx, e.ID, message.Event{What: message.EventAccepted, Who: "p1"}))
		})
		if err != nil {
			p.t.Fatalf("acknowledging %d of %d: %v", i, p.taken, err)
		}
	}
}

func (p *practice) check() {
	p.t.Helper()
	view(p.t, p.Store, func(tx *store.Tx) error {
		for i := range p.taken {
			if pack, ok := store.GetPack(tx, newID(i)); !ok || len(pack) != 2500 {
				p.t.Errorf("message %d was acknowledged and is lost", i)
			}
		}
		if c, err := store.CountEnvelopes(tx); err != nil || c.Total != p.taken || c.OpenByAssignee["p1"] != p.taken {
			p.t.Errorf("%d messages, counted %+v, %v", p.taken, c, err)
		}
		return nil
	})
}

func fullDisk(dir string) store.Options {
	o := small(dir)
	o.ReserveBytes = 0 // as in production
	return o
}

func TestFullDisk(t *testing.T) {
	for _, c := range []struct {
		name string
		fill func(t *testing.T, p *practice) // until intake is refused
		free func(t *testing.T, p *practice) // then, so that it resumes
	}{
		{"by messages, freed by growing it",
			func(t *testing.T, p *practice) { p.take(1 << 20) },
			func(t *testing.T, p *practice) {
				if err := unix.Mount("tmpfs", p.Dir(), "tmpfs", unix.MS_REMOUNT, "size=60m"); err != nil {
					t.Fatal(err)
				}
			}},
		{"by another program at once, freed by it",
			func(t *testing.T, p *practice) {
				p.take(300)
				fill(t, filepath.Join(p.Dir(), "ballast"))
				if p.take(1<<20) == 0 {
					t.Error("the first messages after it were refused, with the whole reserve left")
				}
			},
			func(t *testing.T, p *practice) { os.Remove(filepath.Join(p.Dir(), "ballast")) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := fullDisk(tmpfs(t, "20m"))
			p := &practice{Store: open(t, o), t: t}
			c.fill(t, p)
			if err := p.Accepting(); !errors.Is(err, store.ErrFull) {
				t.Fatalf("after %d messages: %v", p.taken, err)
			}
			if p.taken < 300 {
				t.Fatalf("only %d messages went in", p.taken)
			}
			p.acknowledge()
			if err := p.Accepting(); !errors.Is(err, store.ErrFull) {
				t.Fatalf("intake is taken again while the disk is full: %v", err)
			}
			c.free(t, p)
			eventually(t, "intake resumes", func() bool { return p.Accepting() == nil })
			if n := p.take(300); n != 300 {
				t.Errorf("then took %d", n)
			}
			p.acknowledge()
			p.check()
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			p.Store = open(t, o)
			p.check()
		})
	}
}

func TestAPurgeGoesThroughOnAFullDiskAndIntakeResumes(t *testing.T) {
	o := fullDisk(tmpfs(t, "20m"))
	p := &practice{Store: open(t, o), t: t}
	p.take(1 << 20)
	fill(t, filepath.Join(o.Dir, "ballast"))
	gone := p.taken / 2
	for i := range gone {
		update(t, p.Store, func(tx *store.Tx) error {
			return errors.Join(store.DeletePack(tx, newID(i)), store.DeleteEnvelope(tx, newID(i)))
		})
	}
	if err := p.Accepting(); err != nil {
		t.Fatalf("after a purge of %d messages: %v", gone, err)
	}
	if n := p.take(200); n != 200 {
		t.Fatalf("then took %d", n)
	}
}

// A change that finds no room is refused, whole, and fails none of those beside it.
func TestAChangeTooLargeForTheRoomIsRefusedAlone(t *testing.T) {
	o := fullDisk(tmpfs(t, "24m"))
	s := open(t, o)
	fill(t, filepath.Join(o.Dir, "ballast"))
	put := func(key string, size int) func(*store.Tx) error {
		return func(tx *store.Tx) error { return tx.Put("large", key, make([]byte, size)) }
	}
	kept := 0
	for s.Update(t.Context(), put(fmt.Sprintf("%04d", kept), 300<<10)) == nil {
		kept++
	}
	answers := together(t, s,
		func(tx *store.Tx) error { return tx.Put("b", "a", nil) },
		put("x", 1000<<10),
		func(tx *store.Tx) error { return tx.Put("b", "c", nil) })
	if answers[0] != nil || !errors.Is(answers[1], store.ErrFull) || answers[2] != nil {
		t.Fatalf("answers %v", answers)
	}
	if err := s.Err(); err != nil || !errors.Is(s.Accepting(), store.ErrFull) {
		t.Fatalf("broken: %v", err)
	}
	if err := s.WriteBlob(t.Context(), newID(1), func(w io.Writer) error { _, err := w.Write(make([]byte, 1<<20)); return err }); !errors.Is(err, store.ErrFull) {
		t.Fatalf("a blob: %v", err)
	}
	os.Remove(filepath.Join(o.Dir, "ballast"))
	update(t, s, put("x", 1000<<10))
	s.Close()
	s = open(t, o)
	n := 0
	view(t, s, func(tx *store.Tx) error {
		tx.Ascend("large", "", func(string, []byte) bool { n++; return true })
		return nil
	})
	if n != kept+1 {
		t.Fatalf("%d of %d are kept", n, kept+1)
	}
}

func TestOpeningOnAFullDiskSaysSo(t *testing.T) {
	dir := tmpfs(t, "4m")
	fill(t, filepath.Join(dir, "ballast"))
	if _, err := store.Open(t.Context(), small(dir)); !errors.Is(err, store.ErrFull) {
		t.Fatal(err)
	}
}

func TestReadOnlyFolderIsAClearError(t *testing.T) {
	dir := tmpfs(t, "8m")
	open(t, small(dir)).Close()
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), small(dir)); !errors.Is(err, store.ErrReadOnly) {
		t.Fatal(err)
	}
}

// A failed fsync: the file beneath the store becomes /dev/null, where writes
// vanish and fdatasync fails.
func TestFailedFsync(t *testing.T) {
	dir := t.TempDir()
	var beneath *os.File
	o := small(dir)
	o.OpenFile = func(name string, flag int, perm os.FileMode) (_ *os.File, err error) {
		beneath, err = os.OpenFile(name, flag, perm)
		return beneath, err
	}
	s := open(t, o)
	const callers, each = 16, 200
	var kept [callers][each]bool
	var commits atomic.Int64
	var unknown atomic.Int64
	s.Watch(func(store.WriteSet) {
		if commits.Add(1) == 20 {
			null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
			if err == nil {
				err = unix.Dup3(int(null.Fd()), int(beneath.Fd()), 0)
			}
			if err != nil {
				t.Error(err)
			}
			null.Close()
		}
	})
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for i := range each {
				err := s.Update(background(), func(tx *store.Tx) error { return tx.Put("b", fmt.Sprint(c, "/", i), nil) })
				switch {
				case err == nil:
					kept[c][i] = true
				case errors.Is(err, store.ErrUnknown):
					unknown.Add(1)
				case !errors.Is(err, store.ErrBroken):
					t.Errorf("change %d of %d: %v", i, c, err)
				}
			}
		})
	}
	all.Wait()
	<-s.Broken()
	if unknown.Load() == 0 {
		t.Error("nobody was told that the outcome is unknown")
	}
	if err := s.Accepting(); !errors.Is(err, store.ErrBroken) {
		t.Errorf("accepting: %v", err)
	}
	if err := s.View(func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrBroken) {
		t.Errorf("what may vanish was shown: %v", err)
	}
	s.Close()
	s = open(t, small(dir))
	for c := range callers {
		for i := range each {
			if _, ok := get(t, s, "b", fmt.Sprint(c, "/", i)); kept[c][i] && !ok {
				t.Errorf("change %d of %d was acknowledged and is lost", i, c)
			}
		}
	}
	if n := commits.Load(); s.Seq() < uint64(n) {
		t.Errorf("%d commits, and the sequence is at %d", n, s.Seq())
	}
}
