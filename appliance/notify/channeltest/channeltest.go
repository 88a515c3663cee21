// Package channeltest is the test suite that every notify.Channel passes, and an
// outbox to test with. It is for tests only.
package channeltest

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/store"
)

// Subject is a channel under test.
type Subject struct {
	// New makes the channel over a store.
	New func(t *testing.T, s *store.Store) notify.Channel
	// To is an address that it can reach: the zero one when it does not leave
	// the building.
	To notify.Address
	// Waiting answers the messages that it still has to tell somebody of.
	Waiting func(tx *store.Tx) ([]message.ID, error)
}

// Run checks what notify.Channel promises.
func Run(t *testing.T, s Subject) {
	t.Run("it has a name", s.named)
	t.Run("what can be expected of an address", s.checks)
	t.Run("begun is written down, over a restart", s.durable)
	t.Run("a refused change tells nobody", s.refused)
	t.Run("a newer notice replaces the one that waits", s.replaces)
	t.Run("ending one message leaves the other", s.ends)
	t.Run("every address of a person is told, and is silent after the end", s.everyAddress)
	t.Run("the same change writes the same bytes", s.pure)
}

func (s Subject) named(t *testing.T) {
	ch := s.New(t, Open(t, t.TempDir()))
	if ch.Kind() == "" {
		t.Error("a channel needs a name")
	}
	if ch.Leaves() == (reflect.DeepEqual(s.To, notify.Address{})) {
		t.Error("a channel that leaves the building reaches a person, one that does not rings every desk")
	}
}

func (s Subject) checks(t *testing.T) {
	st := Open(t, t.TempDir())
	ch := s.New(t, st)
	s.view(t, st, func(tx *store.Tx) error {
		condition, why, err := ch.Check(tx, s.To)
		if err != nil || condition != notify.Working || why != "" {
			t.Errorf("the address given as reachable is %d (%q, %v)", condition, why, err)
		}
		if !ch.Leaves() {
			return nil
		}
		condition, why, err = ch.Check(tx, notify.Address{Person: s.To.Person})
		if err != nil || condition != notify.Absent || why == "" {
			t.Errorf("a person without an address is %d (%q, %v), want absent with a reason", condition, why, err)
		}
		return nil
	})
	if !ch.Leaves() {
		return
	}
	err := st.Update(t.Context(), func(tx *store.Tx) error {
		return ch.Begin(tx, notice(1), notify.Address{Person: s.To.Person}, at(0))
	})
	if err == nil {
		t.Error("a notice for nowhere was accepted")
	}
}

func (s Subject) durable(t *testing.T) {
	dir := t.TempDir()
	st := Open(t, dir)
	n := notice(1)
	s.begin(t, st, n, at(0))
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	st = Open(t, dir)
	s.New(t, st)
	s.wants(t, st, n.Message)
}

func (s Subject) refused(t *testing.T) {
	st := Open(t, t.TempDir())
	ch := s.New(t, st)
	err := st.Update(t.Context(), func(tx *store.Tx) error {
		if err := ch.Begin(tx, notice(1), s.To, at(0)); err != nil {
			return err
		}
		return errRefused
	})
	if err != errRefused {
		t.Fatalf("got %v", err)
	}
	s.wants(t, st)
}

func (s Subject) replaces(t *testing.T) {
	st := Open(t, t.TempDir())
	n := notice(1)
	s.begin(t, st, n, at(0))
	n.Step++
	s.begin(t, st, n, at(5*time.Minute))
	s.wants(t, st, n.Message)
}

func (s Subject) ends(t *testing.T) {
	st := Open(t, t.TempDir())
	ch := s.New(t, st)
	one, two := notice(1), notice(2)
	s.begin(t, st, one, at(0))
	s.begin(t, st, two, at(0))
	end := func(id message.ID) {
		t.Helper()
		if err := st.Update(t.Context(), func(tx *store.Tx) error { return ch.End(tx, id, s.To) }); err != nil {
			t.Fatal(err)
		}
	}
	end(one.Message)
	s.wants(t, st, two.Message)
	end(one.Message) // once more, and one that never began: no error
	end(notice(3).Message)
	s.wants(t, st, two.Message)
}

// everyAddress gives the person a second address of each kind.
func (s Subject) everyAddress(t *testing.T) {
	st := Open(t, t.TempDir())
	ch := s.New(t, st)
	if !ch.Leaves() {
		return // it rings every desk as it is
	}
	both := s
	for _, w := range s.To.Ways {
		both.To.Ways = append(slices.Clone(both.To.Ways), notify.Way{Kind: w.Kind, To: "second-" + w.To})
	}
	n := notice(1)
	both.begin(t, st, n, at(0))
	s.wants(t, st, n.Message, n.Message)
	both.begin(t, st, n, at(5*time.Minute))
	s.wants(t, st, n.Message, n.Message)
	// Whoever ends it knows the person, not where they were told.
	err := st.Update(t.Context(), func(tx *store.Tx) error { return ch.End(tx, n.Message, notify.Address{Person: s.To.Person}) })
	if err != nil {
		t.Fatal(err)
	}
	s.wants(t, st)
}

// pure compares what the same change writes into two stores: it may run more
// than once, and on another machine.
func (s Subject) pure(t *testing.T) {
	var ops [2][]store.Op
	for i := range ops {
		st := Open(t, t.TempDir())
		st.Watch(func(ws store.WriteSet) { ops[i] = append(ops[i], ws.Ops...) })
		s.begin(t, st, notice(1), at(0))
	}
	if len(ops[0]) == 0 || !reflect.DeepEqual(ops[0], ops[1]) {
		t.Errorf("the same notice was written as %d and %d different operations", len(ops[0]), len(ops[1]))
	}
}

func (s Subject) begin(t *testing.T, st *store.Store, n notify.Notice, at time.Time) {
	t.Helper()
	ch := s.New(t, st)
	if err := st.Update(t.Context(), func(tx *store.Tx) error { return ch.Begin(tx, n, s.To, at) }); err != nil {
		t.Fatal(err)
	}
}

func (s Subject) view(t *testing.T, st *store.Store, f func(tx *store.Tx) error) {
	t.Helper()
	if err := st.View(f); err != nil {
		t.Fatal(err)
	}
}

func (s Subject) wants(t *testing.T, st *store.Store, want ...message.ID) {
	t.Helper()
	s.view(t, st, func(tx *store.Tx) error {
		got, err := s.Waiting(tx)
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("waiting for %v (%v), want %v", got, err, want)
		}
		return nil
	})
}
