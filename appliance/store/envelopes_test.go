package store_test

import (
	"cmp"
	"errors"
	"os"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// model is what the index should say, found by looking at every envelope.
type model map[message.ID]message.Envelope

func (m model) list(q store.Query) []message.Number {
	rank := func(e message.Envelope) int {
		if e.Open() && e.Urgency == message.Urgent {
			return 0
		}
		return 1
	}
	var match []message.Envelope
	for _, e := range m {
		if (q.State == store.ShowAll || e.Open() == (q.State == store.ShowOpen)) &&
			(q.Type == "" || q.Type == e.CallType) && (q.Status == "" || q.Status == e.Status) &&
			(q.Urgency == nil || *q.Urgency == e.Urgency) &&
			(q.Assignee == "" || q.Assignee == e.Assignee) && (q.TypedBy == "" || q.TypedBy == e.TypedBy) {
			match = append(match, e)
		}
	}
	slices.SortFunc(match, func(a, b message.Envelope) int {
		return cmp.Or(rank(a)-rank(b), cmp.Compare(b.Number, a.Number))
	})
	var numbers []message.Number
	for _, e := range match {
		numbers = append(numbers, e.Number)
	}
	return numbers
}

func (m model) counts() store.Counts {
	c := store.Counts{
		ByStatus: map[message.Status]int{}, OpenByType: map[message.CallType]int{},
		OpenByUrgency: map[message.Urgency]int{}, OpenByAssignee: map[message.PersonID]int{},
	}
	for _, e := range m {
		c.Total++
		c.ByStatus[e.Status]++
		if !e.Open() {
			c.Closed++
			continue
		}
		c.Open++
		c.OpenByType[e.CallType]++
		c.OpenByUrgency[e.Urgency]++
		if e.Assignee == "" {
			c.OpenUnassigned++
		} else {
			c.OpenByAssignee[e.Assignee]++
		}
		if len(e.Flags) > 0 && e.Status == message.New {
			c.OpenFlagged++
		}
	}
	return c
}

func randomEnvelope(rt *rapid.T, n int) message.Envelope {
	e := envelope(n)
	e.CallType = rapid.SampledFrom([]message.CallType{"new", "refill", "urgent"}).Draw(rt, "type")
	e.Status = rapid.SampledFrom([]message.Status{message.New, message.Taken, message.CalledBack, message.Closed}).Draw(rt, "status")
	e.Urgency = message.Urgency(rapid.IntRange(0, 2).Draw(rt, "urgency"))
	e.Assignee = message.PersonID(rapid.SampledFrom([]string{"", "p1", "p2"}).Draw(rt, "assignee"))
	e.TypedBy = message.PersonID(rapid.SampledFrom([]string{"", "p1", "p3"}).Draw(rt, "typed by"))
	if rapid.IntRange(0, 3).Draw(rt, "flag") == 0 {
		e.Flags = []message.Flag{message.FlagUnknownAddress}
	}
	return e
}

func randomQuery(rt *rapid.T) store.Query {
	q := store.Query{
		State:    store.QueryState(rapid.IntRange(0, 2).Draw(rt, "show")),
		Type:     rapid.SampledFrom([]message.CallType{"", "", "refill", "other"}).Draw(rt, "of type"),
		Status:   rapid.SampledFrom([]message.Status{"", "", message.New, message.Closed}).Draw(rt, "of status"),
		Assignee: message.PersonID(rapid.SampledFrom([]string{"", "", "p1"}).Draw(rt, "of assignee")),
		TypedBy:  message.PersonID(rapid.SampledFrom([]string{"", "", "p3"}).Draw(rt, "of call taker")),
		Limit:    rapid.IntRange(1, 5).Draw(rt, "limit"),
	}
	if rapid.Bool().Draw(rt, "by urgency") {
		u := message.Urgency(rapid.IntRange(0, 2).Draw(rt, "of urgency"))
		q.Urgency = &u
	}
	return q
}

// pages walks a query to its end.
func pages(t testing.TB, tx *store.Tx, q store.Query) (numbers []message.Number) {
	t.Helper()
	for {
		list, next, err := store.ListEnvelopes(tx, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			numbers = append(numbers, e.Number)
		}
		if next == "" {
			return numbers
		}
		q.Before = next
	}
}

// Whatever is done to envelopes, lists and counters say what looking at every
// one of them would.
func TestIndexAgreesWithTheEnvelopes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		s := open(t, small(dir))
		defer s.Close()
		m := model{}
		var steps []func(*store.Tx) error // drawn before the change: that is pure
		for range rapid.IntRange(0, 40).Draw(rt, "steps") {
			e := randomEnvelope(rt, 317*rapid.IntRange(0, 14).Draw(rt, "n")) // over several chunks of the lists
			if rapid.IntRange(0, 5).Draw(rt, "delete") == 0 {
				delete(m, e.ID)
				steps = append(steps, func(tx *store.Tx) error { return store.DeleteEnvelope(tx, e.ID) })
			} else {
				m[e.ID] = e
				steps = append(steps, func(tx *store.Tx) error { return store.PutEnvelope(tx, e) })
			}
		}
		update(t, s, func(tx *store.Tx) error {
			for _, step := range steps {
				if err := step(tx); err != nil {
					return err
				}
			}
			return nil
		})
		view(t, s, func(tx *store.Tx) error {
			if c, err := store.CountEnvelopes(tx); err != nil || !reflect.DeepEqual(c, m.counts()) {
				rt.Fatalf("counts %+v, want %+v (%v)", c, m.counts(), err)
			}
			for range 10 {
				q := randomQuery(rt)
				if got, want := pages(t, tx, q), m.list(q); !slices.Equal(got, want) {
					rt.Fatalf("query %+v: got %v, want %v", q, got, want)
				}
			}
			return nil
		})
	})
}

func TestEnvelopeReadsBackAsItWas(t *testing.T) {
	s := open(t, small(t.TempDir()))
	want := envelope(7)
	want.Flags = []message.Flag{message.FlagUnreadable}
	update(t, s, func(tx *store.Tx) error { return store.PutEnvelope(tx, want) })
	view(t, s, func(tx *store.Tx) error {
		got, ok, err := store.GetEnvelope(tx, want.ID)
		if err != nil || !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, %v", got, ok, err)
		}
		if id, ok := store.FindNumber(tx, want.Number); !ok || id != want.ID {
			t.Errorf("its number finds %q", id)
		}
		if _, ok := store.FindNumber(tx, want.Number+1); ok {
			t.Error("a number of nobody was found")
		}
		if _, ok, err := store.GetEnvelope(tx, newID(8)); ok || err != nil {
			t.Errorf("one that is not there: %v, %v", ok, err)
		}
		return nil
	})
}

func TestPutEnvelopeRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*message.Envelope){
		"an id that is none":           func(e *message.Envelope) { e.ID = "x" },
		"another's number":             func(e *message.Envelope) { e.ID = newID(2) },
		"a changed number":             func(e *message.Envelope) { e.Number++ },
		"no number":                    func(e *message.Envelope) { e.Number = 0 },
		"a status that does not exist": func(e *message.Envelope) { e.Status = "lost" },
		"an urgency that does not":     func(e *message.Envelope) { e.Urgency = 9 },
		"no call type":                 func(e *message.Envelope) { e.CallType = "" },
		"an assignee that is no id":    func(e *message.Envelope) { e.Assignee = "a\tb" },
		"a call taker that is no id":   func(e *message.Envelope) { e.TypedBy = "a/b" },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, small(t.TempDir()))
			update(t, s, func(tx *store.Tx) error { return store.PutEnvelope(tx, envelope(1)) })
			before := dump(t, s)
			e := envelope(1)
			spoil(&e)
			if err := s.Update(t.Context(), func(tx *store.Tx) error { return store.PutEnvelope(tx, e) }); err == nil {
				t.Fatal("it was kept")
			}
			if !reflect.DeepEqual(dump(t, s), before) {
				t.Fatal("something was kept")
			}
		})
	}
}

func TestNumbersAreNeverUsedTwice(t *testing.T) {
	dir := t.TempDir()
	s := open(t, small(dir))
	next := func() (n message.Number) {
		update(t, s, func(tx *store.Tx) (err error) { n, err = store.NextNumber(tx); return err })
		return n
	}
	if n := next(); n != message.FirstNumber {
		t.Fatalf("the first is %s", n)
	}
	s.Close()
	s = open(t, small(dir))
	if n := next(); n != message.FirstNumber+1 {
		t.Fatalf("the second is %s", n)
	}
	for _, to := range []message.Number{2000, 1500} {
		update(t, s, func(tx *store.Tx) error { return store.SkipNumbers(tx, to) })
	}
	if n := next(); n != 2000 {
		t.Fatalf("after skipping to 2000: %s", n)
	}
	if err := s.Update(t.Context(), func(tx *store.Tx) error { store.NextNumber(tx); return errOwn }); !errors.Is(err, errOwn) {
		t.Fatal(err)
	}
	if n := next(); n != 2001 {
		t.Fatalf("a number that was not said was lost: %s", n)
	}
}

func TestTheComingNumberIsNotTaken(t *testing.T) {
	s := open(t, small(t.TempDir()))
	for range 2 {
		view(t, s, func(tx *store.Tx) error {
			if n, err := store.ComingNumber(tx); err != nil || n != message.FirstNumber {
				t.Errorf("the coming number is %s, %v", n, err)
			}
			return nil
		})
	}
}

func TestListRefusesAPlaceThatIsNone(t *testing.T) {
	s := open(t, small(t.TempDir()))
	for _, before := range []string{"x", "u", "n-1", "n01", "q7", "u7 ", "n99999999999999999999"} {
		view(t, s, func(tx *store.Tx) error {
			if _, _, err := store.ListEnvelopes(tx, store.Query{Before: before}); err == nil {
				t.Errorf("%q was taken", before)
			}
			return nil
		})
	}
}

func FuzzListEnvelopesBefore(f *testing.F) {
	s := open(f, small(f.TempDir()))
	update(f, s, func(tx *store.Tx) error { return store.PutEnvelope(tx, envelope(1)) })
	for _, seed := range []string{"", "u1002", "n1002", "n0", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, before string) {
		view(t, s, func(tx *store.Tx) error {
			list, next, err := store.ListEnvelopes(tx, store.Query{Before: before})
			if err != nil && (list != nil || next != "") {
				t.Error("an error and a page")
			}
			return nil
		})
	})
}

// What rings is closed while somebody pages: nothing that stays is missed.
func TestPagingMissesNothingThatStays(t *testing.T) {
	s := open(t, small(t.TempDir()))
	for i := range 20 {
		e := envelope(i)
		if i%2 == 0 {
			e.Urgency = message.Urgent
		}
		update(t, s, func(tx *store.Tx) error { return store.PutEnvelope(tx, e) })
	}
	q := store.Query{State: store.ShowOpen, Limit: 3}
	seen := map[message.Number]bool{}
	for round := 0; ; round++ {
		view(t, s, func(tx *store.Tx) error {
			list, next, err := store.ListEnvelopes(tx, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				if seen[e.Number] {
					t.Errorf("%s was shown twice", e.Number)
				}
				seen[e.Number] = true
			}
			q.Before = next
			return nil
		})
		if q.Before == "" {
			break
		}
		e := envelope(2 * round)
		e.Urgency, e.Status = message.Urgent, message.Closed
		update(t, s, func(tx *store.Tx) error { return store.PutEnvelope(tx, e) })
	}
	for i := 1; i < 20; i += 2 {
		if !seen[message.FirstNumber+message.Number(i)] {
			t.Errorf("number %d was missed", i)
		}
	}
}

func TestEachEnvelopeGoesByID(t *testing.T) {
	s := open(t, small(t.TempDir()))
	for _, i := range []int{3, 1, 4, 2} {
		update(t, s, func(tx *store.Tx) error { return store.PutEnvelope(tx, envelope(i)) })
	}
	view(t, s, func(tx *store.Tx) error {
		var got []message.ID
		err := store.EachEnvelope(tx, newID(2), func(e message.Envelope) bool {
			got = append(got, e.ID)
			return len(got) < 2
		})
		if err != nil || !slices.Equal(got, []message.ID{newID(2), newID(3)}) {
			t.Errorf("got %v, %v", got, err)
		}
		return nil
	})
}
