package desk_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/desk"
	"nightbell/appliance/finding"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

const someDraft = "0192f3a4-0000-7000-8000-000000000001"

// aside is an office with the drafts of its desks, and one desk's key.
func aside(t *testing.T) (*office, *desk.Drafts, desk.DraftKey, *store.Store) {
	t.Helper()
	o := open(t)
	node, err := store.Open(t.Context(), store.Options{Dir: o.dir, File: store.NodeFile, Clock: o.clock})
	o.must(err)
	t.Cleanup(func() { node.Close() })
	key, err := desk.NewDraftKey()
	o.must(err)
	return o, desk.NewDrafts(node, o.desk), key, node
}

func TestADraftOpensAtItsDeskForItsPersonAlone(t *testing.T) {
	o, drafts, key, _ := aside(t)
	o.lock() // a lock changes nothing
	_, err := drafts.Keep(t.Context(), ana, key, desk.Draft{ID: someDraft, Type: message.TypeUrgent, Clear: "caller=Marisol"})
	o.must(err)
	o.clock.Advance(time.Minute)
	_, err = drafts.Keep(t.Context(), ana, key, desk.Draft{ID: someDraft, Type: message.TypeRefill, Clear: "caller=Marisol+Quintero"})
	o.must(err)
	again, ok := desk.ParseDraftKey(key.Cookie()) // as the browser sends it after a restart
	if !ok {
		t.Fatal("the cookie's key is not read")
	}
	got, err := drafts.Open(ana, again, someDraft)
	o.must(err)
	if got.Clear != "caller=Marisol+Quintero" || got.Type != message.TypeRefill || !got.StartedAt.Equal(night) || !got.KeptAt.Equal(night.Add(time.Minute)) || !got.Here {
		t.Errorf("the draft is %+v", got)
	}
	other, err := desk.NewDraftKey()
	o.must(err)
	for name, open := range map[string]func() (desk.Draft, error){
		"another person": func() (desk.Draft, error) { return drafts.Open(bo, key, someDraft) },
		"another desk":   func() (desk.Draft, error) { return drafts.Open(ana, other, someDraft) },
		"another draft":  func() (desk.Draft, error) { return drafts.Open(ana, key, "0192f3a4-0000-7000-8000-000000000002") },
	} {
		if d, err := open(); !errors.Is(err, desk.ErrDraft) || d.Clear != "" {
			t.Errorf("%s gets %v", name, err)
		}
	}
	list, err := drafts.List(ana, other)
	o.must(err)
	if len(list) != 1 || list[0].Here || list[0].Clear != "" {
		t.Errorf("at another desk the list is %+v", list)
	}
}

func TestADraftIsDroppedByItsPersonAlone(t *testing.T) {
	o, drafts, key, _ := aside(t)
	_, err := drafts.Keep(t.Context(), ana, key, desk.Draft{ID: someDraft, Clear: "x"})
	o.must(err)
	if _, err := drafts.Keep(t.Context(), bo, key, desk.Draft{ID: someDraft, Clear: "y"}); !errors.Is(err, desk.ErrDraft) {
		t.Errorf("somebody else writes over it: %v", err)
	}
	o.must(drafts.Drop(t.Context(), bo, someDraft))
	if list, _ := drafts.List(ana, key); len(list) != 1 {
		t.Error("somebody else dropped it")
	}
	o.must(drafts.Drop(t.Context(), ana, someDraft))
	o.must(drafts.Drop(t.Context(), ana, someDraft))
	if list, _ := drafts.List(ana, key); len(list) != 0 {
		t.Error("it is still there")
	}
}

func TestWhatIsTypedIsOnDiskOnlySealed(t *testing.T) {
	o, drafts, key, node := aside(t)
	_, err := drafts.Keep(t.Context(), ana, key, desk.Draft{ID: someDraft, Clear: "caller=Wilhelmina+Ostrander"})
	o.must(err)
	o.must(node.Close())
	file, err := os.ReadFile(filepath.Join(o.dir, store.NodeFile))
	o.must(err)
	if strings.Contains(string(file), "Wilhelmina") || strings.Contains(string(file), key.Cookie()) {
		t.Error("the draft, or its key, is in the file")
	}
	if strings.Contains(string(o.log.Bytes()), "Wilhelmina") {
		t.Error("the draft is in the log")
	}
}

func TestADraftHasItsBounds(t *testing.T) {
	o, drafts, key, _ := aside(t)
	var invalid *desk.Invalid
	if _, err := drafts.Keep(t.Context(), ana, key, desk.Draft{ID: someDraft, Clear: message.Clear(strings.Repeat("x", 300<<10))}); !errors.As(err, &invalid) {
		t.Errorf("too much is answered %v", err)
	}
	if _, err := drafts.Keep(t.Context(), ana, key, desk.Draft{ID: "../../x", Clear: "x"}); err == nil {
		t.Error("any id is taken")
	}
	privacy := access.Session{Who: "p-priya", Roles: []access.Role{access.PrivacyOfficer}}
	if _, err := drafts.Keep(t.Context(), privacy, key, desk.Draft{ID: someDraft, Clear: "x"}); err == nil {
		t.Error("somebody who takes no messages keeps a draft")
	}
	for range 50 {
		id, err := message.NewID()
		o.must(err)
		_, err = drafts.Keep(t.Context(), ana, key, desk.Draft{ID: string(id), Clear: "x"})
		o.must(err)
	}
	if _, err := drafts.Keep(t.Context(), ana, key, desk.Draft{ID: someDraft, Clear: "x"}); !errors.As(err, &invalid) {
		t.Errorf("one too many is answered %v", err)
	}
}

func TestACallThatIsForgottenAsideIsAFinding(t *testing.T) {
	o, drafts, key, _ := aside(t)
	ana := o.staff(ana, "Ana Ruiz")
	_, err := drafts.Keep(t.Context(), ana, key, desk.Draft{ID: someDraft, Clear: "x"})
	o.must(err)
	found := func() (list []finding.Finding) {
		o.must(o.store.View(func(tx *store.Tx) (err error) { list, err = drafts.Findings(tx); return err }))
		return list
	}
	o.clock.Advance(59 * time.Minute)
	if list := found(); len(list) > 0 {
		t.Errorf("after 59 minutes: %v", list)
	}
	o.clock.Advance(time.Minute)
	if list := found(); len(list) != 1 || list[0].Text != "Ana Ruiz put a call aside and has not looked at it for an hour." {
		t.Errorf("after an hour: %v", list)
	}
}

// ownCopy keeps what Ana typed of a message she just took.
func ownCopy(o *office, drafts *desk.Drafts, key desk.DraftKey) message.ID {
	o.Helper()
	id := o.take(ana.Who)
	part, err := message.NewID()
	o.must(err)
	o.must(drafts.KeepOwn(o.Context(), ana, key, message.Record{Message: id, Part: part, Kind: message.PartRecord, Form: map[string]message.Clear{"callback": "503 555 0148"}}))
	return id
}

func TestTheTakersOwnCopyOpensWhileLockedUntilHalfAnHourAfterSomebodyTookIt(t *testing.T) {
	o, drafts, key, _ := aside(t)
	id := ownCopy(o, drafts, key)
	o.lock()
	rec, err := drafts.Own(t.Context(), ana, key, id)
	o.must(err)
	if rec.Field("callback") != "503 555 0148" {
		t.Error("the number is not in it")
	}
	if reads := o.leaves(audit.ReadMessage); len(reads) != 1 || reads[0].Who != string(ana.Who) || reads[0].About[0] != string(id) {
		t.Errorf("the log has %v", reads)
	}
	other, err := desk.NewDraftKey()
	o.must(err)
	for name, open := range map[string]func() error{
		"another person":  func() error { _, err := drafts.Own(t.Context(), bo, key, id); return err },
		"another desk":    func() error { _, err := drafts.Own(t.Context(), ana, other, id); return err },
		"another message": func() error { _, err := drafts.Own(t.Context(), ana, key, o.take(ana.Who)); return err },
	} {
		if err := open(); !errors.Is(err, desk.ErrDraft) {
			t.Errorf("%s gets %v", name, err)
		}
	}
	o.unlock()
	_, err = o.desk.Take(t.Context(), okafor, id, o.look(okafor, id).Seen())
	o.must(err)
	o.clock.Advance(29 * time.Minute)
	if _, err := drafts.Own(t.Context(), ana, key, id); err != nil {
		t.Errorf("after 29 minutes: %v", err)
	}
	o.clock.Advance(2 * time.Minute)
	if _, err := drafts.Own(t.Context(), ana, key, id); !errors.Is(err, desk.ErrDraft) {
		t.Errorf("after 31 minutes: %v", err)
	}
}
