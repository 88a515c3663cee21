package desk_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/desk"
	"nightbell/appliance/finding"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// voicemail is a mail with a small and a large file and a long text.
func (o *office) voicemail() message.ID {
	o.Helper()
	return o.takeIn(intake.Taking{Type: message.TypeOther, Channel: message.ChannelMail, Device: "d-pbx",
		Text: message.Clear(strings.Repeat("line of text\n", 10_000)),
		Files: []intake.Attachment{
			{Name: "note.txt", Type: "text/plain", Role: message.RoleAttachment, Data: []byte("small")},
			{Name: "v.wav", Type: "audio/wav", Role: message.RoleAttachment, Data: bytes.Repeat([]byte("RIFF"), 50_000)},
		}})
}

func TestFilesOfAMessage(t *testing.T) {
	o := open(t)
	id := o.voicemail()
	v := o.look(rosa, id)
	if len(v.Record.Files) != 3 || len(v.Text) != 130_000 {
		t.Fatalf("%d files, a text of %d bytes", len(v.Record.Files), len(v.Text))
	}
	for n, want := range []string{strings.Repeat("line of text\n", 10_000), "small", strings.Repeat("RIFF", 50_000)} {
		f, r, err := o.desk.File(t.Context(), rosa, id, n)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != want || f.Size != int64(len(want)) {
			t.Errorf("file %d has %d bytes (%v)", n, len(got), err)
		}
		if _, err := r.Seek(2, io.SeekStart); err != nil {
			t.Errorf("file %d cannot be played from a place: %v", n, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, n := range []int{-1, 3} {
		if _, _, err := o.desk.File(t.Context(), rosa, id, n); !errors.Is(err, desk.ErrNotFound) {
			t.Errorf("file %d: %v", n, err)
		}
	}
	leaves := o.leaves(audit.ReadFile)
	if len(leaves) != 3 || leaves[2].Data["file"] != "2" || leaves[2].Who != "p-rosa" || leaves[2].About[0] != string(id) {
		t.Errorf("the log says %+v", leaves)
	}
}

// forge changes the store behind everybody's back.
func (o *office) forge(change func(tx *store.Tx) error) {
	o.Helper()
	o.must(o.store.Update(o.Context(), change))
}

func (o *office) findings() (ids []string) {
	o.Helper()
	o.must(o.store.View(func(tx *store.Tx) error {
		list, err := o.desk.Findings(tx)
		for _, f := range list {
			if f.Text == "" || f.Do == "" || f.Severity == finding.Note {
				o.Errorf("a finding says too little: %+v", f)
			}
			ids = append(ids, f.ID)
		}
		return err
	}))
	return ids
}

func TestAForgedMessageIsShownAsForgedAndNeverTrusted(t *testing.T) {
	swapped := func(o *office, a, b message.Envelope) func(tx *store.Tx) error {
		return func(tx *store.Tx) error {
			of, _ := store.GetPack(tx, a.Parts[0].Pack)
			return store.PutPack(tx, b.Parts[0].Pack, of)
		}
	}
	for name, forge := range map[string]func(o *office, a, b message.Envelope) func(tx *store.Tx) error{
		"another message's pack": swapped,
		"another message's part": func(o *office, a, b message.Envelope) func(tx *store.Tx) error {
			return func(tx *store.Tx) error {
				b.Parts = []message.Part{a.Parts[0]}
				return store.PutEnvelope(tx, b)
			}
		},
		"a fresh one sealed to the same epoch": func(o *office, a, b message.Envelope) func(tx *store.Tx) error {
			pack, err := o.vault.SealRecord(o.Context(), message.Record{Message: b.ID, Part: b.Parts[0].ID, Kind: message.PartRecord, Form: map[string]message.Clear{"caller": "Mallory"}})
			o.must(err)
			return func(tx *store.Tx) error { return store.PutPack(tx, b.Parts[0].Pack, pack.Age) }
		},
		"one cut short": func(o *office, a, b message.Envelope) func(tx *store.Tx) error {
			return func(tx *store.Tx) error {
				p, _ := store.GetPack(tx, b.Parts[0].Pack)
				return store.PutPack(tx, b.Parts[0].Pack, p[:len(p)-20])
			}
		},
		"no pack": func(o *office, a, b message.Envelope) func(tx *store.Tx) error {
			return func(tx *store.Tx) error { return store.DeletePack(tx, b.Parts[0].Pack) }
		},
	} {
		o := open(t)
		a, b := o.envelope(o.take("p-ana")), o.envelope(o.take("p-ana"))
		o.forge(forge(o, a, b))
		if v := o.look(rosa, b.ID); v.Seal != desk.Forged || v.Record.Form != nil {
			t.Errorf("%s: opened as %q", name, v.Seal)
		}
		if got := seen(o.list(rosa, store.Query{})); !slices.Equal(got, []string{"N-1002 (forged)", "N-1001 Marisol Quintero"}) {
			t.Errorf("%s: listed as %q", name, got)
		}
		if _, err := o.desk.Chart(t.Context(), rosa, b.ID); err == nil {
			t.Errorf("%s: goes into a chart", name)
		}
		leaves := o.leaves(audit.Forged)
		if len(leaves) != 1 || !slices.Contains(leaves[0].About, string(b.ID)) {
			t.Errorf("%s: the log says %+v", name, leaves)
		}
		if got := o.findings(); !slices.Equal(got, []string{"desk.forged"}) {
			t.Errorf("%s: the findings are %q", name, got)
		}
	}
}

func TestALineThatWasOpenedBeforeIsShownForItsOwnMessageOnly(t *testing.T) {
	o := open(t)
	a, b := o.envelope(o.take("p-ana")), o.envelope(o.take("p-ana"))
	o.list(rosa, store.Query{})
	o.forge(func(tx *store.Tx) error {
		b.Parts = []message.Part{a.Parts[0]}
		return store.PutEnvelope(tx, b)
	})
	if got := seen(o.list(rosa, store.Query{})); !slices.Equal(got, []string{"N-1002 (forged)", "N-1001 Marisol Quintero"}) {
		t.Errorf("with the lines of both open already it is listed as %q", got)
	}
}

func TestAForgedNoteOrFileDoesNotHideTheRest(t *testing.T) {
	o := open(t)
	id := o.voicemail()
	_, err := o.desk.Note(t.Context(), rosa, id, "first")
	o.must(err)
	_, err = o.desk.Note(t.Context(), rosa, id, "second")
	o.must(err)
	e := o.envelope(id)
	notes := e.Parts[len(e.Parts)-2:]
	o.forge(func(tx *store.Tx) error {
		p, _ := store.GetPack(tx, notes[1].Pack)
		return store.PutPack(tx, notes[0].Pack, p)
	})
	v := o.look(rosa, id)
	if v.Seal != desk.Opened || v.Notes[0].Seal != desk.Forged || v.Notes[0].Text != "" || v.Notes[1].Text != "second" {
		t.Errorf("the message is %q, its notes %q and %q", v.Seal, v.Notes[0].Seal, v.Notes[1].Seal)
	}
	blob := filepath.Join(o.dir, filepath.FromSlash(store.BlobPath(v.Record.Files[2].Blob)))
	data, err := os.ReadFile(blob)
	o.must(err)
	data[len(data)/2] ^= 1
	o.must(os.WriteFile(blob, data, 0o600))
	if _, _, err := o.desk.File(t.Context(), rosa, id, 2); !errors.Is(err, vault.ErrForged) || !strings.Contains(err.Error(), string(v.Record.Files[2].Blob)) {
		t.Errorf("a changed file: %v", err)
	}
	if n := len(o.leaves(audit.Forged)); n != 2 {
		t.Errorf("%d forged parts are recorded", n)
	}
}

func TestAFlaggedMessageIsAFindingUntilSomebodyHasIt(t *testing.T) {
	o := open(t)
	if got := o.findings(); len(got) > 0 {
		t.Errorf("at first: %q", got)
	}
	id := o.takeIn(intake.Taking{Type: message.TypeOther, Channel: message.ChannelMail, Device: "d-pbx", Text: "x", Flags: []message.Flag{message.FlagUnknownAddress}})
	if got := o.findings(); !slices.Equal(got, []string{"desk.flagged"}) {
		t.Errorf("flagged: %q", got)
	}
	_, err := o.desk.Take(t.Context(), rosa, id, desk.Seen{})
	o.must(err)
	if got := o.findings(); len(got) > 0 {
		t.Errorf("taken: %q", got)
	}
}

func TestWhatTheSessionMayDoNext(t *testing.T) {
	o := open(t)
	id := o.take("p-ana")
	all := desk.May{Read: true, Take: true, HandOff: true, CallBack: true, Close: true, Note: true, Send: true, Urgency: true}
	check := func(when string, s access.Session, want desk.May) {
		t.Helper()
		if got := o.look(s, id).May; got != want {
			t.Errorf("%s: %+v", when, got)
		}
	}
	check("new", rosa, all)
	check("new, its call taker", ana, desk.May{Read: true, Note: true})
	check("new, an admin", dana, desk.May{})
	_, err := o.desk.Take(t.Context(), rosa, id, desk.Seen{})
	o.must(err)
	check("taken by another", okafor, all)
	mine := all
	mine.Take = false
	check("taken by oneself", rosa, mine)
	_, err = o.desk.Close(t.Context(), rosa, id, desk.Seen{}, message.OutcomeDone, "")
	o.must(err)
	check("closed", rosa, desk.May{Read: true, Reopen: true, Note: true, Send: true})
}

func TestNothingOfAViewIsPrinted(t *testing.T) {
	o := open(t)
	id := o.take("p-ana")
	_, err := o.desk.Note(t.Context(), rosa, id, "Quintero again")
	o.must(err)
	v := o.look(rosa, id)
	page := o.list(rosa, store.Query{})
	letter := desk.Letter{Message: id, Content: o.desk.ChartText(v)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if out := fmt.Sprintf(strings.Repeat(verb, 5), v, &v, page, page.Rows[0], letter) + fmt.Sprintf(verb, v.Notes); strings.Contains(out, "Quintero") {
			t.Errorf("%s prints the patient", verb)
		}
	}
	for _, x := range []any{v, page, letter, v.Notes} {
		if b, err := json.Marshal(x); err == nil {
			t.Errorf("%T is encoded as JSON of %d bytes", x, len(b))
		}
	}
	if bytes.Contains(o.log.Bytes(), []byte("Quintero")) {
		t.Error("the log holds the patient")
	}
}
