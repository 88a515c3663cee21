package appliance

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"filippo.io/age"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// listPage is how many envelopes one read of the store takes, so that a long
// list does not hold a transaction.
const listPage = 200

// Envelopes answers the newest messages, all of them where limit is 0.
func (a *Appliance) Envelopes(limit int) ([]message.Envelope, error) {
	var all []message.Envelope
	q := store.Query{State: store.ShowAll, Limit: listPage}
	for {
		var page []message.Envelope
		err := a.Store.View(func(tx *store.Tx) (err error) {
			page, q.Before, err = store.ListEnvelopes(tx, q)
			return err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if limit > 0 && len(all) >= limit {
			return all[:limit], nil
		}
		if q.Before == "" {
			return all, nil
		}
	}
}

// Shown is a message opened for one command.
type Shown struct {
	Envelope message.Envelope
	Events   []message.Event
	Text     message.Clear
}

// ShowMessage opens a message by its id or number with a key, for this call
// alone. The opening is a record in the audit log, written before anything is
// answered.
func (a *Appliance) ShowMessage(ctx context.Context, which string, k Key) (Shown, error) {
	r, who, err := a.open(ctx, k)
	if err != nil {
		return Shown{}, err
	}
	defer r.Close()
	e, err := a.find(which)
	if err != nil {
		return Shown{}, err
	}
	if err := a.traceRead(ctx, who, audit.ReadMessage, e.ID); err != nil {
		return Shown{}, err
	}
	s := Shown{Envelope: e}
	err = a.Store.View(func(tx *store.Tx) error {
		if s.Events, err = store.Events(tx, e.ID); err != nil {
			return err
		}
		s.Text, err = a.inWords(tx, r, e)
		return err
	})
	return s, err
}

// inWords is a message as plain text, each record and note in its order.
func (a *Appliance) inWords(tx *store.Tx, r *vault.Reader, e message.Envelope) (message.Clear, error) {
	then, err := a.Protocols.Of(tx, e.Protocol)
	if err != nil {
		return "", err
	}
	kind := then.Show(e.CallType)
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s  %s  %s\n", e.Number, kind.Name, e.Status, e.ReceivedAt.In(a.practice.Zone).Format("Mon 2 Jan 2006 3:04 pm MST"))
	for _, part := range e.Parts {
		if part.Kind == message.PartBlob {
			continue
		}
		rec, err := r.Record(tx, e.ID, part)
		if err != nil {
			return "", err
		}
		if part.Kind == message.PartRecord {
			for _, line := range kind.Lines(rec, e.ReceivedAt) {
				fmt.Fprintf(&b, "%s: %s", line.Field.Label, line.Value.Reveal())
				if note := line.Note.Reveal(); note != "" {
					fmt.Fprintf(&b, " (%s)", note)
				}
				b.WriteByte('\n')
			}
		}
		for _, f := range rec.Flags {
			fmt.Fprintln(&b, then.FlagWords(f).Reveal())
		}
		if rec.Text != "" {
			fmt.Fprintf(&b, "\n%s\n", rec.Text.Reveal())
		}
		for _, f := range rec.Files {
			fmt.Fprintf(&b, "[%s, %d bytes: %s]\n", f.Role, f.Size, f.Name.Reveal())
		}
	}
	return message.Clear(b.String()), nil
}

// Exported is one part of a message as a file that the stock age program opens.
type Exported struct {
	Name string // without anything of a patient: the number, the kind, the part
	Part message.ID
	Age  message.Sealed
}

// ExportMessage answers each part of a message sealed to a recipient, or to the
// practice where it is empty. It opens what it seals anew, so it takes a key.
func (a *Appliance) ExportMessage(ctx context.Context, which string, k Key, recipient string) ([]Exported, error) {
	to, err := a.exportTo(recipient)
	if err != nil {
		return nil, err
	}
	r, who, err := a.open(ctx, k)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	e, err := a.find(which)
	if err != nil {
		return nil, err
	}
	if err := a.traceRead(ctx, who, audit.Exported, e.ID); err != nil {
		return nil, err
	}
	var files []Exported
	keys := map[message.ID]message.Clear{}
	err = a.Store.View(func(tx *store.Tx) error {
		for _, part := range e.Parts {
			if part.Kind == message.PartBlob {
				continue
			}
			rec, err := r.Record(tx, e.ID, part)
			if err != nil {
				return err
			}
			for _, f := range rec.Files {
				if f.Blob != "" {
					keys[f.Blob] = f.Key
				}
			}
			sealed, err := r.Export(tx, e.ID, part, to)
			if err != nil {
				return err
			}
			files = append(files, Exported{Name: exportName(e, part), Part: part.ID, Age: sealed})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, part := range e.Parts {
		if part.Kind != message.PartBlob {
			continue
		}
		var sealed bytes.Buffer
		if err := r.ExportBlob(&sealed, e.ID, part, keys[part.ID], to); err != nil {
			return nil, err
		}
		files = append(files, Exported{Name: exportName(e, part), Part: part.ID, Age: sealed.Bytes()})
	}
	return files, nil
}

func exportName(e message.Envelope, part message.Part) string {
	return fmt.Sprintf("%s-%s-%s.age", e.Number, part.Kind, part.ID)
}

func (a *Appliance) exportTo(recipient string) (age.Recipient, error) {
	if recipient == "" {
		return a.Vault.Recipient(), nil
	}
	list, err := age.ParseRecipients(strings.NewReader(recipient))
	if err != nil || len(list) != 1 {
		return nil, withTodo("that is not an age recipient", "give one that begins with age1, as `age-keygen` prints it")
	}
	return list[0], nil
}

// find answers a message by its id or its number.
func (a *Appliance) find(which string) (e message.Envelope, err error) {
	found := false
	err = a.Store.View(func(tx *store.Tx) error {
		id, idErr := message.ParseID(which)
		if idErr != nil {
			number, err := message.ParseNumber(which)
			if err != nil {
				return withTodo("a message is named by its number or its id", "look at `nightbell message list`")
			}
			id, _ = store.FindNumber(tx, number)
		}
		e, found, err = store.GetEnvelope(tx, id)
		return err
	})
	if err == nil && !found {
		err = withTodo("there is no such message", "look at `nightbell message list`")
	}
	return e, err
}

// traceRead writes that a message was opened by a command.
func (a *Appliance) traceRead(ctx context.Context, who string, what audit.What, id message.ID) error {
	leaf := audit.Leaf{At: a.Clock.Now().UTC(), Who: who, What: what, About: []string{string(id)}, Why: "command-line"}
	return a.Store.Update(ctx, func(tx *store.Tx) error { _, err := audit.Append(tx, leaf); return err })
}

// AuditLeaves answers records of the audit log from a number on.
func (a *Appliance) AuditLeaves(from int64, limit int) (leaves []audit.Leaf, err error) {
	err = a.Store.View(func(tx *store.Tx) error {
		leaves, err = audit.Range(tx, from, limit)
		return err
	})
	return leaves, err
}
