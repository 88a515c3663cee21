package oncall_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// first puts what the first version kept into a store.
func first(t *testing.T) *store.Store {
	t.Helper()
	kept, err := os.ReadFile("testdata/first.json")
	if err != nil {
		t.Fatal(err)
	}
	var buckets map[string]map[string]json.RawMessage
	if err := json.Unmarshal(kept, &buckets); err != nil {
		t.Fatal(err)
	}
	s := in(t, "America/New_York")
	change(t, s, func(tx *store.Tx) error {
		for bucket, values := range buckets {
			for key, value := range values {
				if err := tx.Put(bucket, key, value); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return s
}

func TestWhatTheFirstVersionKeptIsReadAsItWasMeant(t *testing.T) {
	s, z := first(t), zone(t, "America/New_York")
	change(t, s, func(tx *store.Tx) error {
		p, err := oncall.LoadSince(tx, time.Time{})
		if err != nil {
			return err
		}
		for typed, want := range map[string][]message.PersonID{
			"2026-10-10 12:00": {"hale"},           // the swap, before it was undone
			"2026-10-11 07:30": {"bose"},           // and after
			"2026-11-20 06:00": {"bose"},           // the edition before
			"2026-11-20 12:00": {},                 // by day the window is shut
			"2026-11-24 20:00": {"okafor"},         // the fourth turn, begun by Lindqvist
			"2026-11-25 12:00": {"hale"},           // a shift by the wall clock
			"2026-11-25 20:00": {"okafor", "chen"}, // and a fixed one
			"2026-11-26 20:00": {"ames"},           // the cover
			"2026-12-25 12:00": {"ruiz"},           // the holiday
		} {
			if got := oncall.Resolve(p, at(t, z, typed)).People(); !slices.Equal(got, want) {
				t.Errorf("at %s %v are on call, want %v", typed, got, want)
			}
		}
		reach, err := oncall.ReachOf(tx, "okafor")
		if w := reach.Ways[0]; reach.Preferred != "Ada" || len(reach.Quiet) != 1 || w.Address != "+15550100" || w.ConfirmedAt.IsZero() || w.TestedAt.IsZero() || w.FailedAt.IsZero() {
			t.Errorf("reached as %+v", reach)
		}
		before, _, _, err2 := oncall.Tell(tx, "dana", nil, true, night)
		if before.At.IsZero() || len(before.Alarms) != 1 || err2 != nil {
			t.Errorf("told %+v (%v)", before, err2)
		}
		return err
	})
}

// What is written today is what the page of the format says: the same keys.
func TestWhatIsWrittenHasTheKeysOfTheFormat(t *testing.T) {
	s := first(t)
	change(t, s, func(tx *store.Tx) error {
		p, err := oncall.Load(tx)
		if err != nil {
			return err
		}
		var was, is map[string]any
		if err := json.Unmarshal(tx.Get("oncall-schedules", "s"), &was); err != nil {
			return err
		}
		one := p.Schedules[0]
		one.From = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
		written, err := json.Marshal(one)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(written, &is); err != nil {
			return err
		}
		a, _ := json.Marshal(was)
		b, _ := json.Marshal(is)
		if string(a) != string(b) {
			t.Errorf("read\n%s\nand written\n%s", a, b)
		}
		return nil
	})
}
