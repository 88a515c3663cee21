package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

func TestTimelineKeepsItsOrder(t *testing.T) {
	s := open(t, small(t.TempDir()))
	kinds := []message.EventKind{message.EventTaken, message.EventRung, message.EventAccepted, message.EventClosed}
	for _, k := range kinds {
		update(t, s, func(tx *store.Tx) error {
			return errors.Join(
				store.AddEvent(tx, newID(1), message.Event{At: morning, What: k, Who: "p1"}),
				store.AddEvent(tx, newID(2), message.Event{At: morning, What: message.EventNoted}))
		})
	}
	view(t, s, func(tx *store.Tx) error {
		list, err := store.Events(tx, newID(1))
		var got []message.EventKind
		for _, e := range list {
			got = append(got, e.What)
		}
		if err != nil || !slices.Equal(got, kinds) {
			t.Errorf("got %v, %v", got, err)
		}
		return nil
	})
}

func TestDeletingAnEnvelopeTakesItsTimelineAndLeavesTheOthers(t *testing.T) {
	s := open(t, small(t.TempDir()))
	update(t, s, func(tx *store.Tx) error {
		for i := range 2 {
			if err := errors.Join(store.PutEnvelope(tx, envelope(i)), store.AddEvent(tx, newID(i), message.Event{}), store.AddEvent(tx, newID(i), message.Event{})); err != nil {
				return err
			}
		}
		return nil
	})
	for range 2 {
		update(t, s, func(tx *store.Tx) error { return store.DeleteEnvelope(tx, newID(0)) })
	}
	for key := range dump(t, s) {
		if strings.Contains(key, string(newID(0))) || strings.Contains(key, "0000001001") {
			t.Errorf("%s is still there", key)
		}
	}
	view(t, s, func(tx *store.Tx) error {
		if list, err := store.Events(tx, newID(1)); len(list) != 2 || err != nil {
			t.Errorf("the other's timeline has %d lines, %v", len(list), err)
		}
		return nil
	})
}

func TestPackIsKeptByteForByte(t *testing.T) {
	s := open(t, small(t.TempDir()))
	age := message.Sealed(bytes.Repeat([]byte{0, 1, 0xff}, 50<<10))
	update(t, s, func(tx *store.Tx) error { return store.PutPack(tx, newID(1), age) })
	view(t, s, func(tx *store.Tx) error {
		if got, ok := store.GetPack(tx, newID(1)); !ok || !bytes.Equal(got, age) {
			t.Error("it is another")
		}
		return nil
	})
	update(t, s, func(tx *store.Tx) error { return store.DeletePack(tx, newID(1)) })
	view(t, s, func(tx *store.Tx) error {
		if _, ok := store.GetPack(tx, newID(1)); ok {
			t.Error("it is still there")
		}
		return nil
	})
	if err := s.Update(t.Context(), func(tx *store.Tx) error { return store.PutPack(tx, "../x", age) }); err == nil {
		t.Error("a pack without an id was kept")
	}
}

func TestIdempotencyKeys(t *testing.T) {
	s := open(t, small(t.TempDir()))
	remember := func(scope, key string, n int, at time.Time) error {
		return s.Update(t.Context(), func(tx *store.Tx) error { return store.RememberKey(tx, scope, key, newID(n), at) })
	}
	lookup := func(scope, key string) (id message.ID) {
		view(t, s, func(tx *store.Tx) error {
			id, _ = store.LookupKey(tx, scope, key)
			return nil
		})
		return id
	}
	if err := errors.Join(remember("device-1", "k", 1, morning), remember("device-2", "k", 2, morning.Add(time.Hour)), remember("device", "-1k", 3, morning.Add(2*time.Hour))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		scope, key string
		want       message.ID
	}{{"device-1", "k", newID(1)}, {"device-2", "k", newID(2)}, {"device", "-1k", newID(3)}, {"device-3", "k", ""}, {"device-1", "", ""}} {
		if got := lookup(c.scope, c.key); got != c.want {
			t.Errorf("%s %s finds %q", c.scope, c.key, got)
		}
	}
	if remember("device-1", "k", 4, morning) == nil {
		t.Error("a key made a second message")
	}
	for key := range dump(t, s) {
		if strings.Contains(key, "device-1") {
			t.Error("a key lies in the clear")
		}
	}
	update(t, s, func(tx *store.Tx) error {
		n, err := store.ForgetKeys(tx, morning.Add(90*time.Minute), 1)
		if n != 1 {
			return fmt.Errorf("forgot %d", n)
		}
		return err
	})
	if lookup("device-1", "k") != "" || lookup("device-2", "k") == "" {
		t.Error("not the oldest was forgotten")
	}
	update(t, s, func(tx *store.Tx) error {
		n, err := store.ForgetKeys(tx, morning.Add(90*time.Minute), 100)
		if n != 1 {
			return fmt.Errorf("forgot %d", n)
		}
		return err
	})
	if lookup("device", "-1k") == "" {
		t.Error("a young key was forgotten")
	}
}

type visit struct {
	Name string `json:"name"`
	N    int    `json:"n"`
}

func TestTable(t *testing.T) {
	s := open(t, small(t.TempDir()))
	visits := store.NewTable[visit]("visits")
	update(t, s, func(tx *store.Tx) error {
		return errors.Join(visits.Put(tx, "a/1", visit{"one", 1}), visits.Put(tx, "a/2", visit{"two", 2}), visits.Put(tx, "b/1", visit{"three", 3}), tx.Put("visits", "c/1", []byte("{half")), visits.Put(tx, "d/1", visit{"four", 4}))
	})
	view(t, s, func(tx *store.Tx) error {
		if v, ok, err := visits.Get(tx, "a/2"); !ok || err != nil || v != (visit{"two", 2}) {
			t.Errorf("got %v, %v, %v", v, ok, err)
		}
		if _, ok, err := visits.Get(tx, "none"); ok || err != nil {
			t.Errorf("one that is not there: %v, %v", ok, err)
		}
		if v, ok, err := visits.Get(tx, "c/1"); ok || !errors.Is(err, store.ErrDamaged) || v != (visit{}) || strings.Contains(err.Error(), "half") {
			t.Errorf("a damaged one: %v, %v, %v", v, ok, err)
		}
		var names []string
		err := visits.Each(tx, "a/", func(key string, v visit) error { names = append(names, key+" "+v.Name); return nil })
		if err != nil || !slices.Equal(names, []string{"a/1 one", "a/2 two"}) {
			t.Errorf("got %v, %v", names, err)
		}
		if err := visits.Each(tx, "", func(string, visit) error { return errOwn }); !errors.Is(err, errOwn) {
			t.Errorf("got %v", err)
		}
		names = nil
		err = visits.Each(tx, "", func(key string, v visit) error { names = append(names, key); return nil })
		if !errors.Is(err, store.ErrDamaged) || !slices.Contains(names, "d/1") {
			t.Errorf("a damaged value hides what comes after it: %v, %v", names, err)
		}
		return nil
	})
	update(t, s, func(tx *store.Tx) error { return visits.Delete(tx, "a/1") })
	if _, ok := get(t, s, visits.Bucket(), "a/1"); ok {
		t.Error("deleted and still there")
	}
	bad := store.NewTable[chan int]("bad")
	if err := s.Update(t.Context(), func(tx *store.Tx) error { bad.Put(tx, "k", nil); return nil }); err == nil {
		t.Error("what does not encode was kept")
	}
}
