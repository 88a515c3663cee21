package appliance

import (
	"context"
	"slices"
	"time"

	"nightbell/appliance/finding"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// tellEvery is how often it is looked what the owners of schedules have to be
// told: somebody who goes on call within a day and cannot be reached leaves time
// to mend it only when it is said soon.
const tellEvery = 15 * time.Minute

// tellOwners mails whoever owns a schedule what about it needs them: weekly, and
// an alarm at once.
func (a *Appliance) tellOwners(ctx context.Context) error {
	tell := func() {
		if err := a.tellAll(ctx); err != nil && ctx.Err() == nil {
			a.Log.Error("the owners of the schedules cannot be told what needs them", "err", err)
		}
	}
	tell()
	return a.every(ctx, tellEvery, tell)
}

func (a *Appliance) tellAll(ctx context.Context) error {
	at := a.Clock.Now().UTC()
	var owners []message.PersonID
	err := a.Store.View(func(tx *store.Tx) (err error) {
		owners, err = oncall.Owners(tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, owner := range owners {
		if err := a.tell(ctx, owner, at); err != nil {
			return err
		}
	}
	return nil
}

// letter is a digest on its way to an owner.
type letter struct {
	before, after oncall.Told
	send          bool
	mail          notify.Mail
	count         int
}

// tell looks what an owner has to be told, and writes only when there is anything
// new to keep.
func (a *Appliance) tell(ctx context.Context, owner message.PersonID, at time.Time) error {
	id, err := message.NewID()
	if err != nil {
		return err
	}
	var l letter
	err = a.Store.View(func(tx *store.Tx) (err error) {
		l, err = a.digest(tx, owner, at)
		return err
	})
	if err != nil || l.after.Same(l.before) {
		return err
	}
	l.mail.ID = id
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		if !l.send {
			return oncall.KeepTold(tx, owner, l.after, 0, at)
		}
		if err := oncall.KeepTold(tx, owner, l.after, l.count, at); err != nil {
			return err
		}
		return a.Queue.Enqueue(tx, l.mail)
	})
}

func (a *Appliance) digest(tx *store.Tx, owner message.PersonID, at time.Time) (l letter, err error) {
	list, err := oncall.Digest(tx, at, onCallStaff{a}, owner)
	if err != nil {
		return l, err
	}
	p, found, err := a.Access.Person(tx, owner)
	if err != nil {
		return l, err
	}
	reach, _ := oncall.ReachOf(tx, owner) // damaged: they said nothing about quiet hours
	alarm := slices.ContainsFunc(list, func(f finding.Finding) bool { return f.Severity == finding.Alarm })
	condition, _ := a.Queue.Mail(tx, p.Mail)
	way := found && p.Staff() && condition != notify.Absent && (alarm || !reach.QuietAt(a.practice.Zone, at))
	if l.before, l.after, l.send, err = oncall.Tell(tx, owner, list, way, at); err != nil || !l.send {
		return l, err
	}
	l.count = len(list)
	l.mail = notify.Mail{Key: "oncall-digest/" + string(owner), Person: owner, To: p.Mail, At: at}
	l.mail.Subject, l.mail.Text = oncall.DigestWords(list, "https://"+a.practice.Host+a.where.port()+"/on-call")
	return l, nil
}
