package protocol_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// staffed is a practice where everybody named is there, or nobody.
type staffed bool

func (o staffed) Works(message.PersonID) bool                  { return bool(o) }
func (o staffed) Staffed(message.TeamID) bool                  { return bool(o) }
func (o staffed) Rings(message.CallType, message.Urgency) bool { return bool(o) }

func openStore(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func update(t *testing.T, st *store.Store, do func(*store.Tx) error) error {
	t.Helper()
	return st.Update(t.Context(), do)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// titled is what is shipped under a title.
func titled(t *testing.T, title string) protocol.Protocol {
	t.Helper()
	p := copyOf(t, protocol.BuiltIn())
	p.Title = title
	return p
}

func title(t *testing.T, st *store.Store) (title string, undo, rev int) {
	t.Helper()
	must(t, st.View(func(tx *store.Tx) error {
		d, err := protocol.DraftOf(tx)
		title, undo, rev = d.Protocol.Title, d.Undo, d.Rev
		return err
	}))
	return title, undo, rev
}

func TestEachChangeOfADraftCanBeUndone(t *testing.T) {
	st := openStore(t)
	set := func(title string, rev int) error {
		return update(t, st, func(tx *store.Tx) error { return protocol.SetDraft(tx, "rosa", titled(t, title), rev, day) })
	}
	undo := func() error {
		return update(t, st, func(tx *store.Tx) error { return protocol.UndoDraft(tx, "rosa", day) })
	}
	if err := undo(); !errors.Is(err, protocol.ErrNoDraft) {
		t.Errorf("undoing without a draft: %v", err)
	}
	must(t, set("one", 0))
	must(t, set("two", 0))
	_, _, rev := title(t, st)
	if err := set("of somebody who saw an older one", rev-1); !errors.Is(err, protocol.ErrDraftChanged) {
		t.Errorf("a change of a draft that changed meanwhile: %v", err)
	}
	must(t, set("three", rev))
	for _, want := range []string{"two", "one", "Primary-care office"} {
		must(t, undo())
		if got, _, _ := title(t, st); got != want {
			t.Errorf("undone, it is %q, not %q", got, want)
		}
	}
	if err := undo(); !errors.Is(err, protocol.ErrNothingToUndo) {
		t.Errorf("undoing more than was done: %v", err)
	}
	for i := range 60 {
		must(t, set(fmt.Sprint("change ", i), 0))
	}
	if _, undo, _ := title(t, st); undo != 50 {
		t.Errorf("%d of 60 changes can be undone", undo)
	}
	for range 50 {
		must(t, undo())
	}
	if got, _, _ := title(t, st); got != "change 9" {
		t.Errorf("the oldest that is kept is %q", got)
	}
}

func TestADraftIsPublishedWithWhoAndWhen(t *testing.T) {
	st, shelf := openStore(t), protocol.NewShelf()
	must(t, update(t, st, func(tx *store.Tx) error {
		return protocol.Begin(tx, "system", protocol.BuiltIn(), day)
	}))
	publish := func(rev int, o protocol.Office) (v protocol.Version, err error) {
		err = update(t, st, func(tx *store.Tx) error {
			v, err = protocol.PublishDraft(tx, "rosa", "our name", rev, o, day.Add(time.Hour))
			return err
		})
		return v, err
	}
	if _, err := publish(0, staffed(true)); !errors.Is(err, protocol.ErrNoDraft) {
		t.Errorf("publishing without a draft: %v", err)
	}
	must(t, update(t, st, func(tx *store.Tx) error { return protocol.SetDraft(tx, "rosa", titled(t, "Ours"), 0, day) }))
	var unready *protocol.Unready
	if _, err := publish(0, staffed(false)); !errors.As(err, &unready) || len(unready.Faults) == 0 {
		t.Errorf("publishing where nobody works: %v", err)
	}
	_, _, rev := title(t, st)
	if _, err := publish(rev+1, staffed(true)); !errors.Is(err, protocol.ErrDraftChanged) {
		t.Errorf("publishing another draft than was reviewed: %v", err)
	}
	v, err := publish(rev, staffed(true))
	if err != nil || v.Number != 2 || v.By != "rosa" || v.Note != "our name" || !v.At.Equal(day.Add(time.Hour)) {
		t.Fatalf("published: %+v, %v", v, err)
	}
	must(t, st.View(func(tx *store.Tx) error {
		if _, err := protocol.DraftOf(tx); !errors.Is(err, protocol.ErrNoDraft) {
			t.Errorf("the draft after publishing: %v", err)
		}
		for n, want := range map[int]string{1: "Primary-care office", 2: "Ours"} {
			p, err := shelf.At(tx, n)
			if err != nil || p.Title != want || p.Version != n {
				t.Errorf("version %d: %q, %d, %v", n, p.Title, p.Version, err)
			}
		}
		if p, err := shelf.Current(tx); err != nil || p.Version != 2 {
			t.Errorf("what counts is version %d, %v", p.Version, err)
		}
		if _, err := shelf.At(tx, 3); !errors.Is(err, protocol.ErrNoVersion) {
			t.Errorf("a version that is not there: %v", err)
		}
		if p, err := shelf.Of(tx, 99); err != nil || p.Version != 2 {
			t.Errorf("a message of a version that is not there is shown by %d, %v", p.Version, err)
		}
		list, err := protocol.Versions(tx)
		if err != nil || len(list) != 2 || list[0].Number != 2 {
			t.Errorf("the versions are %+v, %v", list, err)
		}
		return nil
	}))
}

func TestWhatCannotBeReadIsSaidAndCallsAreTaken(t *testing.T) {
	other, err := protocol.Encode(titled(t, "Of somebody else"))
	must(t, err)
	for name, file := range map[string]string{"it is damaged": "title: [", "it is gone": "", "it is another than was published": string(other)} {
		st, shelf := openStore(t), protocol.NewShelf()
		must(t, update(t, st, func(tx *store.Tx) error { return protocol.Begin(tx, "system", titled(t, "Ours"), day) }))
		must(t, update(t, st, func(tx *store.Tx) error {
			if file == "" {
				return tx.Delete("protocol-files", "000001")
			}
			return tx.Put("protocol-files", "000001", []byte(file))
		}))
		must(t, st.View(func(tx *store.Tx) error {
			if p, err := shelf.Current(tx); err != nil || p.Title != "Primary-care office" {
				t.Errorf("%s: calls are taken by %q, %v", name, p.Title, err)
			}
			if _, err := shelf.At(tx, 1); !errors.Is(err, protocol.ErrNoVersion) {
				t.Errorf("%s: the version is answered: %v", name, err)
			}
			found, err := shelf.Findings(tx, day, staffed(true))
			if err != nil || len(found) != 1 || found[0].ID != "protocol.unread" {
				t.Errorf("%s: found %+v, %v", name, found, err)
			}
			return nil
		}))
	}
}

func TestAStoreThatIsPutInThePlaceOfAnotherHasItsOwnProtocol(t *testing.T) {
	shelf := protocol.NewShelf()
	for _, name := range []string{"Before", "After a restore", "Before"} {
		st := openStore(t)
		must(t, update(t, st, func(tx *store.Tx) error { return protocol.Begin(tx, "system", titled(t, name), day) }))
		must(t, st.View(func(tx *store.Tx) error {
			if p, err := shelf.Current(tx); err != nil || p.Title != name || p.Version != 1 {
				t.Errorf("what counts is %q, version %d, %v", p.Title, p.Version, err)
			}
			return nil
		}))
	}
}

func TestADraftThatBeganFromAVersionThatCannotBeReadCanBeUndone(t *testing.T) {
	st := openStore(t)
	must(t, update(t, st, func(tx *store.Tx) error { return protocol.Begin(tx, "system", titled(t, "Ours"), day) }))
	must(t, update(t, st, func(tx *store.Tx) error { return tx.Put("protocol-files", "000001", []byte("title: [")) }))
	must(t, update(t, st, func(tx *store.Tx) error { return protocol.SetDraft(tx, "rosa", titled(t, "Mended"), 0, day) }))
	must(t, update(t, st, func(tx *store.Tx) error { return protocol.UndoDraft(tx, "rosa", day) }))
	if got, _, _ := title(t, st); got != "Primary-care office" {
		t.Errorf("undone, it is %q", got)
	}
}

func TestADraftThatIsGivenUpLeavesNothing(t *testing.T) {
	st := openStore(t)
	drop := func() error {
		return update(t, st, func(tx *store.Tx) error { return protocol.DropDraft(tx, "rosa", day) })
	}
	must(t, drop()) // there is none
	for _, name := range []string{"one", "two"} {
		must(t, update(t, st, func(tx *store.Tx) error { return protocol.SetDraft(tx, "rosa", titled(t, name), 0, day) }))
	}
	must(t, drop())
	must(t, st.View(func(tx *store.Tx) error {
		if _, err := protocol.DraftOf(tx); !errors.Is(err, protocol.ErrNoDraft) {
			t.Errorf("the draft is there: %v", err)
		}
		tx.Ascend("protocol-draft", "", func(key string, _ []byte) bool {
			t.Errorf("%s is left", key)
			return true
		})
		return nil
	}))
}

func TestAPageOfADraftThatIsGoneDoesNotChangeTheNext(t *testing.T) {
	st := openStore(t)
	set := func(title string, rev int) error {
		return update(t, st, func(tx *store.Tx) error { return protocol.SetDraft(tx, "rosa", titled(t, title), rev, day) })
	}
	must(t, set("one", protocol.NoDraft))
	_, _, seen := title(t, st)
	must(t, update(t, st, func(tx *store.Tx) error { return protocol.DropDraft(tx, "rosa", day) }))
	must(t, set("another draft", protocol.NoDraft))
	if err := set("from a page of the first", seen); !errors.Is(err, protocol.ErrDraftChanged) {
		t.Errorf("it is %v", err)
	}
}

func TestAnOverdueReviewIsAFindingUntilSomebodyLooked(t *testing.T) {
	st, shelf := openStore(t), protocol.NewShelf()
	found := func(at time.Time, o protocol.Office) (ids []string) {
		must(t, st.View(func(tx *store.Tx) error {
			list, err := shelf.Findings(tx, at, o)
			for _, f := range list {
				ids = append(ids, f.ID)
			}
			return err
		}))
		return ids
	}
	if ids := found(day, staffed(true)); len(ids) > 0 {
		t.Errorf("without a version of its own: %v", ids)
	}
	must(t, update(t, st, func(tx *store.Tx) error { return protocol.Begin(tx, "system", protocol.BuiltIn(), day) }))
	late := day.AddDate(0, 0, protocol.BuiltIn().ReviewEvery)
	if ids := found(late.Add(-time.Second), staffed(true)); len(ids) > 0 {
		t.Errorf("before it is due: %v", ids)
	}
	if ids := found(late, staffed(true)); len(ids) != 1 || ids[0] != "protocol.review" {
		t.Errorf("when it is due: %v", ids)
	}
	must(t, update(t, st, func(tx *store.Tx) error { return protocol.SetReviewed(tx, "rosa", late) }))
	if ids := found(late, staffed(true)); len(ids) > 0 {
		t.Errorf("after somebody looked: %v", ids)
	}
	if ids := found(day, staffed(false)); len(ids) == 0 {
		t.Error("nobody works in the team that owns the call types, and it is no finding")
	}
}

func TestWhoChangedTheProtocolStandsInTheLog(t *testing.T) {
	st := openStore(t)
	for _, do := range []func(*store.Tx) error{
		func(tx *store.Tx) error { return protocol.SetDraft(tx, "rosa", titled(t, "one"), 0, day) },
		func(tx *store.Tx) error { return protocol.SetDraft(tx, "dana", titled(t, "two"), 0, day) },
		func(tx *store.Tx) error { return protocol.UndoDraft(tx, "rosa", day) },
		func(tx *store.Tx) error {
			_, err := protocol.PublishDraft(tx, "dana", "", 0, staffed(true), day)
			return err
		},
		func(tx *store.Tx) error { return protocol.SetReviewed(tx, "rosa", day) },
		func(tx *store.Tx) error { return protocol.SetDraft(tx, "rosa", titled(t, "three"), 0, day) },
		func(tx *store.Tx) error { return protocol.DropDraft(tx, "dana", day) },
	} {
		must(t, update(t, st, do))
	}
	var said []string
	must(t, st.View(func(tx *store.Tx) error {
		leaves, err := audit.Range(tx, 0, 100)
		for _, l := range leaves {
			said = append(said, l.Who+" "+string(l.What))
		}
		if len(leaves) == 7 && (leaves[0].Data["sha256"] != leaves[2].Data["sha256"] || leaves[2].Data["sha256"] != leaves[3].Data["sha256"] || leaves[0].Data["sha256"] == leaves[1].Data["sha256"]) {
			t.Errorf("the log does not say what was undone and what was published: %+v", leaves)
		}
		return err
	}))
	want := []string{"rosa protocol-changed", "dana protocol-changed", "rosa protocol-changed", "dana protocol-published", "rosa protocol-reviewed", "rosa protocol-changed", "dana protocol-draft-dropped"}
	if !slices.Equal(said, want) {
		t.Errorf("the log has %q", said)
	}
}
