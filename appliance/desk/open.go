package desk

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// View is one message as a session sees it. It prints as its id.
type View struct {
	Envelope message.Envelope
	Type     protocol.Type
	Seal     Seal // why Record, Text and Notes' words are empty
	Record   message.Record
	Text     message.Clear // the record's text, whole where it is a blob
	Flags    []FlagSeen    // the red flags whose words stand in it
	Notes    []Note
	Events   []message.Event
	Names    map[message.PersonID]string // what the persons in it are called
	Bell     message.Standing            // towards the session's person
	May      May

	protocol protocol.Protocol
}

// Types are the call types of the version under which the message was taken.
func (v View) Types() []protocol.Type { return v.protocol.Types }

// Format prints the message's id, whatever the verb.
func (v View) Format(f fmt.State, _ rune) { fmt.Fprint(f, "message ", v.Envelope.ID) }

// LogValue logs the message's id and no more.
func (v View) LogValue() slog.Value { return slog.StringValue(string(v.Envelope.ID)) }

// Note is what somebody typed while working a message.
type Note struct {
	Part   message.ID
	Event  message.Event // what it came with; zero when the timeline does not say
	Seal   Seal
	Text   message.Clear
	SentTo message.Clear // the address that a letter went to
}

// SentToField is the form field of a note that names the address of a letter.
const SentToField = "sent_to"

// May is what the session may do to the message as it stands.
type May struct {
	Read, Take, HandOff, CallBack, Close, Reopen, Note, Send bool
	Urgency                                                  bool // change how urgent it is
	Decline, Snooze                                          bool // what a bell is answered with, beside Take
}

// Seen answers what to hand to the next change of the message: nothing may have
// changed since this View.
func (v View) Seen() Seen { return SeenOf(v.Envelope) }

// maxText is how much of a text is shown in a page; the whole is a file of the
// message.
const maxText = 1 << 20

// Open answers a message with what it says, as far as the session may read it
// and the appliance is open; the View says why not. Opening one is a record in
// the log, written before anything is shown.
func (d *Desk) Open(ctx context.Context, s access.Session, id message.ID) (View, error) {
	v, err := d.look(ctx, s, id)
	if err != nil || v.Seal != Opened {
		return v, err
	}
	leaf := audit.Leaf{At: d.now(), Who: string(s.Who), What: audit.ReadMessage, About: []string{string(id)}, From: from(s)}
	if err := d.recordRead(ctx, s, leaf); err != nil {
		return View{}, err
	}
	return v, nil
}

// look is Open without its record.
func (d *Desk) look(ctx context.Context, s access.Session, id message.ID) (View, error) {
	at := d.now()
	if err := d.access.Require(ctx, s, access.SeeDesk, string(id)); err != nil {
		return View{}, err
	}
	var v View
	err := d.store.View(func(tx *store.Tx) (err error) {
		v, err = d.outside(tx, id)
		v.Bell = d.bell.Standing(tx, id, s.Who)
		return err
	})
	if err != nil {
		return View{}, err
	}
	if !sees(s, v.Envelope) {
		return View{}, d.notYours(ctx, s, id)
	}
	if v.Seal = d.sealOf(s, v.Envelope, at); v.Seal == Opened {
		d.unseal(ctx, &v)
	}
	v.May = d.may(s, v, at)
	return v, nil
}

// outside reads all of a message that is not sealed.
func (d *Desk) outside(tx *store.Tx, id message.ID) (v View, err error) {
	if v.Envelope, err = find(tx, id); err != nil {
		return v, err
	}
	p, err := d.protocols.Of(tx, v.Envelope.Protocol)
	if err != nil {
		return v, err
	}
	v.Type = p.Show(v.Envelope.CallType)
	if v.Events, err = store.Events(tx, id); err != nil {
		return v, fmt.Errorf("reading the timeline of message %s: %w", id, err)
	}
	v.protocol = p
	v.Notes = notesOf(v.Envelope, v.Events)
	v.Names, err = d.names(tx, v.Envelope, v.Events)
	return v, err
}

func notesOf(e message.Envelope, events []message.Event) []Note {
	var notes []Note
	for _, p := range e.Parts {
		if p.Kind != message.PartNote {
			continue
		}
		n := Note{Part: p.ID}
		for _, ev := range events {
			if ev.Part == p.ID {
				n.Event = ev
			}
		}
		notes = append(notes, n)
	}
	return notes
}

func (d *Desk) names(tx *store.Tx, e message.Envelope, events []message.Event) (map[message.PersonID]string, error) {
	names := map[message.PersonID]string{}
	add := func(ids ...message.PersonID) error {
		for _, id := range ids {
			if _, known := names[id]; known || id == "" {
				continue
			}
			name, err := d.callee(tx, id)
			if err != nil {
				return err
			}
			names[id] = name
		}
		return nil
	}
	if err := add(e.TypedBy, e.Assignee); err != nil {
		return nil, err
	}
	for _, ev := range events {
		if err := add(ev.Who, ev.Whom); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// unseal opens the record and the notes. A record that does not open seals the
// View; a note that does not says so itself.
func (d *Desk) unseal(ctx context.Context, v *View) {
	e := v.Envelope
	reader, err := d.vault.Reader()
	if err != nil {
		v.Seal = Locked
		return
	}
	part := recordPart(e)
	err = d.store.View(func(tx *store.Tx) (err error) {
		v.Record, err = reader.Record(tx, e.ID, part)
		return err
	})
	if err == nil {
		err = d.wholeText(reader, v)
	}
	if err != nil {
		v.Record, v.Text = message.Record{}, ""
		v.Seal = d.sealFor(ctx, e.ID, part.ID, err)
		return
	}
	v.Flags = d.flagsOf(*v)
	for i := range v.Notes {
		d.unsealNote(ctx, reader, e, &v.Notes[i])
	}
}

func (d *Desk) unsealNote(ctx context.Context, reader *vault.Reader, e message.Envelope, n *Note) {
	part, ok := partOf(e, n.Part)
	if !ok {
		n.Seal = Broken
		return
	}
	var rec message.Record
	err := d.store.View(func(tx *store.Tx) (err error) {
		rec, err = reader.Record(tx, e.ID, part)
		return err
	})
	if err != nil {
		n.Seal = d.sealFor(ctx, e.ID, part.ID, err)
		return
	}
	n.Text, n.SentTo = rec.Text, rec.Field(SentToField)
}

// wholeText reads a text that is too long for its record, as far as a page shows
// it.
func (d *Desk) wholeText(reader *vault.Reader, v *View) error {
	v.Text = v.Record.Text
	for _, f := range v.Record.Files {
		if f.Role != message.RoleText || f.Blob == "" {
			continue
		}
		r, err := d.file(reader, v.Envelope, f)
		if err != nil {
			return err
		}
		defer r.Close()
		text, err := io.ReadAll(io.LimitReader(r, maxText))
		if err != nil {
			return err
		}
		v.Text = message.Clear(bytes.ToValidUTF8(text, nil))
	}
	return nil
}

// File answers a file of an opened message: n counts View.Record.Files from 0.
// Its ciphertext was checked to the end before this answers; a lock stops the
// reading. Each is a record in the log.
func (d *Desk) File(ctx context.Context, s access.Session, id message.ID, n int) (message.File, io.ReadSeekCloser, error) {
	v, err := d.look(ctx, s, id)
	if err != nil {
		return message.File{}, nil, err
	}
	if err := d.opened(ctx, s, v); err != nil {
		return message.File{}, nil, err
	}
	if n < 0 || n >= len(v.Record.Files) {
		return message.File{}, nil, ErrNotFound
	}
	f := v.Record.Files[n]
	reader, err := d.vault.Reader()
	if err != nil {
		return message.File{}, nil, err
	}
	r, err := d.file(reader, v.Envelope, f)
	if err != nil {
		d.sealFor(ctx, id, f.Blob, err)
		return message.File{}, nil, fmt.Errorf("opening a file of message %s: %w", id, err)
	}
	leaf := audit.Leaf{At: d.now(), Who: string(s.Who), What: audit.ReadFile, About: []string{string(id)}, From: from(s),
		Data: map[string]string{"file": strconv.Itoa(n)}}
	if err := d.recordRead(ctx, s, leaf); err != nil {
		r.Close()
		return message.File{}, nil, err
	}
	return f, r, nil
}

// notYours refuses by the permission that the session lacks, and records it.
func (d *Desk) notYours(ctx context.Context, s access.Session, id message.ID) error {
	if err := d.access.Require(ctx, s, access.ReadTeam, string(id)); err != nil {
		return err
	}
	return ErrNotFound
}

func (d *Desk) file(reader *vault.Reader, e message.Envelope, f message.File) (io.ReadSeekCloser, error) {
	if f.Blob == "" {
		return inline{bytes.NewReader(f.Data)}, nil
	}
	part, ok := partOf(e, f.Blob)
	if !ok || part.Kind != message.PartBlob {
		return nil, fmt.Errorf("message %s has no blob %s: %w", e.ID, f.Blob, vault.ErrForged)
	}
	return reader.Blob(e.ID, part, f.Key)
}

// inline is a file that lies in its record.
type inline struct{ *bytes.Reader }

func (inline) Close() error { return nil }

func partOf(e message.Envelope, id message.ID) (message.Part, bool) {
	for _, p := range e.Parts {
		if p.ID == id {
			return p, true
		}
	}
	return message.Part{}, false
}

// may answers what the session may do next.
func (d *Desk) may(s access.Session, v View, at time.Time) May {
	step := func(step message.Step) bool {
		_, err := v.Envelope.Status.Next(step)
		return err == nil && s.May(access.WorkMessage) && mayWork(s, v.Envelope)
	}
	bell := v.Bell
	answers := s.May(access.WorkMessage) && mayWork(s, v.Envelope) && (bell.Rings || bell.Promised && v.Envelope.Assignee == s.Who)
	return May{
		Decline:  answers && !bell.Declined,
		Snooze:   answers && !bell.Heard,
		Read:     v.Seal == Opened,
		Take:     step(message.StepTake) && (v.Envelope.Status == message.New || v.Envelope.Assignee != s.Who),
		HandOff:  step(message.StepHandOff),
		CallBack: step(message.StepCallBack),
		Close:    step(message.StepClose),
		Reopen:   step(message.StepReopen),
		Urgency:  step(message.StepRaise),
		Note:     mayNote(s, v.Envelope, at),
		Send:     s.May(access.WorkMessage) && v.Seal == Opened,
	}
}
