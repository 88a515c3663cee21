package store_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// follow opens a store that applies what another did, from its first write set on.
func follow(t testing.TB) *store.Store {
	o := small(t.TempDir())
	o.Follow = true
	return open(t, o)
}

// recorded opens a store and answers it with all its write sets, the first too.
func recorded(t testing.TB, dir string) (*store.Store, *[]store.WriteSet) {
	var sets []store.WriteSet
	s := open(t, small(dir))
	// The first write set was made by Open, before anybody could watch: it is made again here.
	first := store.WriteSet{Format: 1, Seq: 1, At: morning, Ops: []store.Op{{Bucket: "schema", Key: "version", Value: fmt.Append(nil, store.Schema)}}}
	if _, hash := s.Head(); hash != first.Hash() {
		t.Fatal("a new store begins with another write set")
	}
	sets = append(sets, first)
	s.Watch(func(w store.WriteSet) { sets = append(sets, w) })
	return s, &sets
}

// Replaying all write sets from empty gives the same store.
func TestReplay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		s, sets := recorded(t, dir)
		defer s.Close()
		for range rapid.IntRange(1, 12).Draw(rt, "changes") {
			s.Update(t.Context(), randomChange(rt))
		}
		replica := follow(t)
		defer replica.Close()
		for _, w := range *sets {
			b, err := w.AppendBinary(nil)
			if err != nil {
				rt.Fatal(err)
			}
			decoded, err := store.DecodeWriteSet(b)
			if err != nil {
				rt.Fatal(err)
			}
			if err := replica.Apply(t.Context(), decoded); err != nil {
				rt.Fatal(err)
			}
		}
		if a, b := dump(t, s), dump(t, replica); !maps.Equal(a, b) {
			rt.Fatalf("the replica differs:\n%v\n%v", a, b)
		}
	})
}

// randomChange draws a change of every kind that the store knows; some fail.
func randomChange(rt *rapid.T) func(*store.Tx) error {
	keys := rapid.SampledFrom([]string{"a", "b", "c/1", "c/2", "d"})
	n := rapid.IntRange(0, 5).Draw(rt, "message")
	e := envelope(n)
	e.Status = rapid.SampledFrom([]message.Status{message.New, message.Taken, message.CalledBack, message.Closed}).Draw(rt, "status")
	e.Urgency = message.Urgency(rapid.IntRange(0, 2).Draw(rt, "urgency"))
	e.Assignee = message.PersonID(rapid.SampledFrom([]string{"", "p1", "p2"}).Draw(rt, "assignee"))
	value := rapid.SliceOfN(rapid.Byte(), 0, 6000).Draw(rt, "value")
	bucket, key := rapid.SampledFrom([]string{"x", "y"}).Draw(rt, "bucket"), keys.Draw(rt, "key")
	fails := rapid.IntRange(0, 9).Draw(rt, "fails") == 0
	kinds := []func(*store.Tx) error{
		func(tx *store.Tx) error { return tx.Put(bucket, key, value) },
		func(tx *store.Tx) error { return tx.Delete(bucket, key) },
		func(tx *store.Tx) error { return errors.Join(tx.Put(bucket, key, value), tx.Delete(bucket, key)) },
		func(tx *store.Tx) error { return store.PutEnvelope(tx, e) },
		func(tx *store.Tx) error { return store.DeleteEnvelope(tx, e.ID) },
		func(tx *store.Tx) error {
			return store.AddEvent(tx, e.ID, message.Event{At: morning, What: message.EventTaken})
		},
		func(tx *store.Tx) error { return store.PutPack(tx, e.ID, value) },
		func(tx *store.Tx) error { return store.RememberKey(tx, "scope", key, e.ID, morning) },
		func(tx *store.Tx) error { _, err := store.NextNumber(tx); return err },
	}
	picks := rapid.SliceOfN(rapid.SampledFrom(kinds), 1, 6).Draw(rt, "kinds")
	return func(tx *store.Tx) error {
		for _, do := range picks {
			if err := do(tx); err != nil {
				return err
			}
		}
		if fails {
			return errOwn
		}
		return nil
	}
}

func TestApply(t *testing.T) {
	s, sets := recorded(t, t.TempDir())
	for i := range 4 {
		put(t, s, "b", fmt.Sprint(i), "v")
	}
	forged := func(w store.WriteSet) store.WriteSet {
		w.Ops = slices.Clone(w.Ops)
		w.Ops[0].Value = []byte("forged")
		return w
	}
	for _, c := range []struct {
		name   string
		have   int // how many it has applied
		next   store.WriteSet
		want   error // nil: taken
		breaks bool
	}{
		{"takes the next one", 3, (*sets)[3], nil, false},
		{"takes the last one again", 3, (*sets)[2], nil, false},
		{"refuses an older one", 3, (*sets)[0], store.ErrNotNext, false},
		{"refuses one too far ahead", 2, (*sets)[3], store.ErrNotNext, false},
		{"refuses any but the first into an empty store", 0, (*sets)[1], store.ErrNotNext, false},
		{"breaks at the same number with another hash", 3, forged((*sets)[2]), store.ErrForked, true},
		{"breaks at one that follows another", 3, store.WriteSet{Format: 1, Seq: 4, Prev: [32]byte{1}, At: morning}, store.ErrForked, true},
		{"breaks at a first one that names one before", 0, store.WriteSet{Format: 1, Seq: 1, Prev: [32]byte{1}, At: morning}, store.ErrForked, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := follow(t)
			for _, w := range (*sets)[:c.have] {
				if err := r.Apply(t.Context(), w); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.Apply(t.Context(), c.next); !errors.Is(err, c.want) {
				t.Fatalf("answered %v, want %v", err, c.want)
			}
			select {
			case <-r.Broken():
				if !c.breaks || !errors.Is(r.Err(), store.ErrBroken) {
					t.Fatalf("broke: %v", r.Err())
				}
			default:
				if c.breaks {
					t.Fatal("did not break")
				}
			}
		})
	}
}

func TestApplyRefusesAnotherFormat(t *testing.T) {
	r := follow(t)
	if err := r.Apply(t.Context(), store.WriteSet{Format: 2, Seq: 1}); err == nil {
		t.Fatal("taken")
	}
	if _, err := (store.WriteSet{Format: 2}).AppendBinary(nil); err == nil {
		t.Fatal("encoded")
	}
}

func TestAFollowerGoesOnWhereItStopped(t *testing.T) {
	s, sets := recorded(t, t.TempDir())
	put(t, s, "b", "k", "v")
	put(t, s, "b", "k", "w")
	o := small(t.TempDir())
	o.Follow = true
	r := open(t, o)
	for _, w := range (*sets)[:2] {
		if err := r.Apply(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	r.Close()
	r = open(t, o)
	if err := r.Apply(t.Context(), (*sets)[2]); err != nil {
		t.Fatal(err)
	}
	if v, _ := get(t, r, "b", "k"); v != "w" {
		t.Fatalf("k is %q", v)
	}
}

func sampleSet() store.WriteSet {
	return store.WriteSet{
		Format: 1, Seq: 7, Prev: [32]byte{1, 2, 3}, At: time.Date(2026, 11, 24, 8, 30, 0, 123456789, time.UTC),
		Ops: []store.Op{{Bucket: "envelopes", Key: "k", Value: bytes.Repeat([]byte("v"), 300)}, {Delete: true, Bucket: "packs", Key: "p"}, {Bucket: "counts", Key: "all", Value: []byte{}}},
	}
}

func TestWriteSetReadsBackAsItWas(t *testing.T) {
	want := sampleSet()
	b, err := want.AppendBinary([]byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := store.DecodeWriteSet(b[len("before"):])
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

// A write set as the first version wrote it. It is never changed.
const firstFormat = "010000000000000007010203000000000000000000000000000000000000000000000000000000000018eaedec2f601d1500000003" +
	"0109656e76656c6f706573016b03767676" + "02057061636b730170" + "0106636f756e747303616c6c00"

func TestTheFirstFormatIsRead(t *testing.T) {
	b, err := hex.DecodeString(firstFormat)
	if err != nil {
		t.Fatal(err)
	}
	got, err := store.DecodeWriteSet(b)
	if err != nil {
		t.Fatal(err)
	}
	want := sampleSet()
	want.Ops[0].Value = want.Ops[0].Value[:3]
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v", got)
	}
	if sum := fmt.Sprintf("%x", got.Hash()); sum != "3d399267970a862ccf2990deca517b4a53068f70c1a31e1a43ca80345be175f8" {
		t.Fatalf("its hash is %s", sum)
	}
}

func FuzzDecodeWriteSet(f *testing.F) {
	b, err := sampleSet().AppendBinary(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)-1])
	f.Add(append(slices.Clone(b), 0))
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, 60))
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := store.DecodeWriteSet(b)
		if err != nil {
			return
		}
		again, err := w.AppendBinary(nil)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("two ways to write one write set: %x and %x", b, again)
		}
	})
}

func TestWriteSetNamesItsMessages(t *testing.T) {
	s, sets := recorded(t, t.TempDir())
	update(t, s, func(tx *store.Tx) error {
		return errors.Join(store.PutEnvelope(tx, envelope(1)), store.AddEvent(tx, newID(2), message.Event{}), store.AddEvent(tx, newID(1), message.Event{}), tx.Put("other", "x", nil))
	})
	if got := (*sets)[1].Messages(); !slices.Equal(got, []message.ID{newID(1), newID(2)}) {
		t.Fatalf("got %v", got)
	}
}
