package oncall_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

func open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), ReserveBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func change(t *testing.T, s *store.Store, f func(*store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func people(t *testing.T, s *store.Store, at time.Time) (list []message.PersonID) {
	t.Helper()
	err := s.View(func(tx *store.Tx) error {
		answer, err := oncall.Now(tx, at)
		list = answer.People()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// whats are the audit leaves so far.
func whats(t *testing.T, s *store.Store) (list []audit.What) {
	t.Helper()
	err := s.View(func(tx *store.Tx) error {
		leaves, err := audit.Range(tx, 0, 100)
		for _, l := range leaves {
			list = append(list, l.What)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestListAndSwitchAreKeptAndTraced(t *testing.T) {
	s := open(t)
	change(t, s, func(tx *store.Tx) error {
		return oncall.Set(tx, "dana", []message.PersonID{"okafor", "lindqvist"}, night)
	})
	change(t, s, func(tx *store.Tx) error {
		return oncall.SetNow(tx, "dana", "lindqvist", night.Add(8*time.Hour), night)
	})
	if got := people(t, s, night); !slices.Equal(got, []message.PersonID{"lindqvist", "okafor"}) {
		t.Errorf("switched: %v", got)
	}
	if got := people(t, s, night.Add(9*time.Hour)); !slices.Equal(got, []message.PersonID{"okafor", "lindqvist"}) {
		t.Errorf("after its end: %v", got)
	}
	change(t, s, func(tx *store.Tx) error { return oncall.ClearNow(tx, "dana", night) })
	change(t, s, func(tx *store.Tx) error { return oncall.ClearNow(tx, "dana", night) })
	if got := people(t, s, night); !slices.Equal(got, []message.PersonID{"okafor", "lindqvist"}) {
		t.Errorf("cleared: %v", got)
	}
	if got := whats(t, s); !slices.Equal(got, []audit.What{audit.OnCallSet, audit.OnCallNow, audit.OnCallNow}) {
		t.Errorf("traced as %v", got)
	}
}

func TestWhatIsRefused(t *testing.T) {
	s := open(t)
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		return oncall.Set(tx, "dana", []message.PersonID{"okafor", "okafor"}, night)
	})
	if !errors.Is(err, oncall.ErrTwice) {
		t.Errorf("somebody twice: %v", err)
	}
	err = s.Update(t.Context(), func(tx *store.Tx) error { return oncall.SetNow(tx, "dana", "okafor", night, night) })
	if !errors.Is(err, oncall.ErrOver) {
		t.Errorf("over before it began: %v", err)
	}
}

func TestDoubtLastsUntilAPersonEndsIt(t *testing.T) {
	s := open(t)
	first := oncall.Doubt{Kind: oncall.ClockBehind, By: -time.Hour, At: night}
	change(t, s, func(tx *store.Tx) error { return oncall.DoubtClock(tx, first) })
	change(t, s, func(tx *store.Tx) error {
		return oncall.DoubtClock(tx, oncall.Doubt{Kind: oncall.ClockJumped, By: time.Hour, At: night})
	})
	change(t, s, func(tx *store.Tx) error {
		sched, err := oncall.Load(tx)
		if err != nil || sched.Doubt == nil || *sched.Doubt != first {
			t.Errorf("the doubt is %v (%v), want the first", sched.Doubt, err)
		}
		list, err := oncall.Findings(tx, night)
		if err != nil || len(list) != 2 || list[0].ID != "oncall.clock" || list[1].ID != "oncall.nobody" {
			t.Errorf("findings %v (%v)", list, err)
		}
		return nil
	})
	change(t, s, func(tx *store.Tx) error { return oncall.BelieveClock(tx, "dana", night) })
	change(t, s, func(tx *store.Tx) error { return oncall.BelieveClock(tx, "dana", night) })
	change(t, s, func(tx *store.Tx) error {
		sched, err := oncall.Load(tx)
		if sched.Doubt != nil {
			t.Error("still doubted")
		}
		return err
	})
	if got := whats(t, s); !slices.Equal(got, []audit.What{audit.ClockDoubted, audit.ClockBelieved}) {
		t.Errorf("traced as %v", got)
	}
}
