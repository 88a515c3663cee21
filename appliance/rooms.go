package appliance

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/desk"
	"nightbell/appliance/escalation"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/relay"
	"nightbell/appliance/store"
)

// What one room needs of another, handed over here so that no room of the same
// layer knows the other.

// bellPeople tells the bell who can be rung.
type bellPeople struct{ a *Appliance }

func (b bellPeople) Contact(tx *store.Tx, id message.PersonID) (escalation.Person, bool, error) {
	p, found, err := b.a.Access.Person(tx, id)
	if err != nil || !found || !p.Staff() {
		return escalation.Person{}, false, err
	}
	reach, err := oncall.ReachOf(tx, id)
	if err != nil {
		b.a.Log.Error("how somebody is reached cannot be read; the account's mail address is tried", "person", id, "err", err)
	}
	return escalation.Person{Name: b.a.called(tx, id), Address: address(p, reach),
		Quiet: func(at time.Time) bool { return reach.QuietAt(b.a.practice.Zone, at) }}, true, nil
}

// address is where somebody is reached: by their ways in their order, and where
// none of those is mail, by the account's address.
func address(p access.Person, reach oncall.Reach) notify.Address {
	a := notify.Address{Person: p.ID}
	mail := false
	for _, w := range reach.Ways {
		mail = mail || notify.Kind(w.Kind) == notify.KindMail
		a.Ways = append(a.Ways, notify.Way{Kind: notify.Kind(w.Kind), To: w.Address})
	}
	if !mail {
		a.Ways = append(a.Ways, notify.Way{Kind: notify.KindMail, To: p.Mail})
	}
	return a
}

func (b bellPeople) Staff(tx *store.Tx) ([]message.PersonID, error) {
	people, err := b.a.Access.People(tx)
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return nil, err // one account that cannot be read keeps nobody else from being rung
	}
	var staff []message.PersonID
	for _, p := range people {
		if p.Staff() && access.Allowed(p.Roles, access.WorkMessage) {
			staff = append(staff, p.ID)
		}
	}
	return staff, nil
}

// bellOutcome tells the bell how its mail fared.
type bellOutcome struct{ a *Appliance }

func (b bellOutcome) Delivered(tx *store.Tx, p notify.Page, at time.Time) error {
	if p.Message == "" {
		return nil // a test: that it was handed over proves nothing
	}
	return b.a.Bell.Delivered(tx, p, at)
}

func (b bellOutcome) Failed(tx *store.Tx, p notify.Page, at time.Time) error {
	if p.Message == "" {
		return b.a.tried(tx, p, at)
	}
	return b.a.Bell.Failed(tx, p, at)
}

// mailIntake gives a machine's mail to the intake.
type mailIntake struct{ a *Appliance }

// TakeMail takes a mail with what was read of it, or, where that is not fit for
// a message (a scan of a hundred files), as it came: its sender would keep a mail
// that is refused and send it again for ever, and nobody at a desk would know.
func (m mailIntake) TakeMail(ctx context.Context, mail relay.Mail) error {
	t := intake.Taking{
		Type: mail.Type, Urgency: &mail.Urgency, Form: mail.Form, Text: mail.Text, Aside: mail.Aside,
		Channel: message.ChannelMail, Device: mail.Device, Flags: mail.Flags,
	}
	for _, f := range mail.Files {
		t.Files = append(t.Files, intake.Attachment{Name: f.Name, Type: f.Type, Role: f.Role, Data: f.Data})
	}
	_, err := m.a.Intake.Take(ctx, t)
	var unfit *intake.Invalid
	if !errors.As(err, &unfit) {
		return err
	}
	m.a.Log.Warn("a mail is taken as it came, without its parts", "device", mail.Device)
	_, err = m.a.Intake.Take(ctx, asItCame(t))
	return err
}

func asItCame(t intake.Taking) intake.Taking {
	t.Files = slices.DeleteFunc(t.Files, func(f intake.Attachment) bool { return f.Role != message.RoleOriginal })
	if text := t.Text.Reveal(); len(text) > message.InlineLimit {
		t.Text = message.Clear(strings.ToValidUTF8(text[:message.InlineLimit], ""))
	}
	if !slices.Contains(t.Flags, message.FlagUnreadable) {
		t.Flags = append(slices.Clone(t.Flags), message.FlagUnreadable)
	}
	return t
}

// sealedMail takes the desk's letters to the queue.
type sealedMail struct{ a *Appliance }

func (m sealedMail) Prepare(ctx context.Context, l desk.Letter) (func(tx *store.Tx, at time.Time) error, error) {
	return m.a.Queue.Prepare(ctx, relay.Letter(l))
}
