package desk_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"nightbell/appliance/audit"
	"nightbell/appliance/desk"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

func recipient(t *testing.T) string {
	t.Helper()
	id, err := crypto.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id.Recipient().String()
}

func TestAMessageIsSentSecurelyInOneTransaction(t *testing.T) {
	o := open(t)
	hale := o.contact("Dr. Hale", recipient(t))
	id := o.take("p-ana")
	var sets []store.WriteSet
	o.store.Watch(func(w store.WriteSet) { sets = append(sets, w) })
	_, err := o.desk.SendSecurely(t.Context(), rosa, id, hale.ID)
	o.must(err)
	if len(sets) != 1 || !sets[0].Touches("letters") || !sets[0].Touches(store.EventBucket) || !sets[0].Touches(audit.LeafBucket) {
		t.Errorf("sent in %d transactions", len(sets))
	}
	if len(o.sender.letters) != 1 {
		t.Fatalf("%d letters", len(o.sender.letters))
	}
	if l := o.sender.letters[0]; l.To.ID != hale.ID || l.Number != 1001 || l.Message != id || !strings.Contains(l.Content.Reveal(), "Marisol Quintero") {
		t.Errorf("the letter is %s to %s", l.Number, l.To.ID)
	}
	v := o.look(rosa, id)
	if last := v.Events[len(v.Events)-1]; last.What != message.EventSent || last.Whom != hale.ID || v.Names[hale.ID] != "Dr. Hale" {
		t.Errorf("the timeline ends with %+v", last)
	}
	if l := o.leaves(audit.SentSecurely); len(l) != 1 || !slices.Equal(l[0].About, []string{string(id), string(hale.ID)}) {
		t.Errorf("the log says %+v", l)
	}
}

func TestALetterWhoseEpochIsClosedMeanwhileIsPreparedAnew(t *testing.T) {
	o := open(t)
	hale := o.contact("Dr. Hale", recipient(t))
	id := o.take("p-ana")
	o.sender.closed = 2
	_, err := o.desk.SendSecurely(t.Context(), rosa, id, hale.ID)
	o.must(err)
	if len(o.sender.letters) != 3 || o.count("letters") != 1 || len(o.look(rosa, id).Events) != 2 {
		t.Errorf("prepared %d times", len(o.sender.letters))
	}
	o.sender.closed = 100
	if _, err := o.desk.SendSecurely(t.Context(), rosa, id, hale.ID); !errors.Is(err, vault.ErrEpochClosed) {
		t.Errorf("an epoch that never opens: %v", err)
	}
}

func TestWhoHasNoKeyIsSentNothing(t *testing.T) {
	o := open(t)
	lee := o.contact("Dr. Lee", "")
	hale := o.contact("Dr. Hale", recipient(t))
	id := o.take("p-ana")
	var none *desk.NoKey
	if _, err := o.desk.SendSecurely(t.Context(), rosa, id, lee.ID); !errors.As(err, &none) || none.Name != "Dr. Lee" || !strings.Contains(err.Error(), "nothing was sent") {
		t.Errorf("without a key: %v", err)
	}
	if l := o.leaves(audit.SendRefused); len(l) != 1 || l[0].Why != "no-key" {
		t.Errorf("the log says %+v", l)
	}
	if _, err := o.desk.SendSecurely(t.Context(), rosa, id, "p-nobody"); !errors.As(err, new(*desk.Invalid)) {
		t.Errorf("to nobody: %v", err)
	}
	o.must(o.access.Disable(t.Context(), audit.Owner, hale.ID))
	if _, err := o.desk.SendSecurely(t.Context(), rosa, id, hale.ID); !errors.As(err, new(*desk.Invalid)) {
		t.Errorf("to somebody who is gone: %v", err)
	}
	ok := o.contact("Dr. Quist", recipient(t))
	o.sender.refuse = errRefused
	if _, err := o.desk.SendSecurely(t.Context(), rosa, id, ok.ID); !errors.Is(err, errRefused) {
		t.Errorf("refused by the sender: %v", err)
	}
	o.sender.refuse = nil
	o.lock()
	if _, err := o.desk.SendSecurely(t.Context(), rosa, id, ok.ID); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("while locked: %v", err)
	}
	o.unlock()
	if len(o.sender.letters) != 0 || len(o.look(rosa, id).Events) != 1 {
		t.Error("something was sent")
	}
}

func TestTheAddressOfALetterIsShownWithItsNote(t *testing.T) {
	o := open(t)
	id := o.take("p-ana")
	e := o.envelope(id)
	pack, err := o.vault.SealNote(t.Context(), e, message.Record{Message: id, Kind: message.PartNote, Form: map[string]message.Clear{desk.SentToField: "hale@elsewhere.example"}})
	o.must(err)
	o.forge(func(tx *store.Tx) error { // as the relay's letter does, in the change that queues it
		e.Parts = append(e.Parts, pack.Part)
		if err := vault.PutPack(tx, pack); err != nil {
			return err
		}
		return store.PutEnvelope(tx, e)
	})
	if v := o.look(rosa, id); len(v.Notes) != 1 || v.Notes[0].SentTo != "hale@elsewhere.example" || v.Notes[0].Text != "" {
		t.Errorf("%d notes", len(v.Notes))
	}
}
