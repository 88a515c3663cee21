package appliance

import (
	"context"
	"slices"
	"time"

	"nightbell/appliance/access"
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

// tellOwners mails whoever owns a schedule what about it needs them, and whoever
// runs the office what the protocol needs: weekly, and an alarm at once.
func (a *Appliance) tellOwners(ctx context.Context) error {
	tell := func() {
		if err := a.tellAll(ctx); err != nil && ctx.Err() == nil {
			a.Log.Error("the owners of the schedules and of the protocol cannot be told what needs them", "err", err)
		}
	}
	tell()
	return a.every(ctx, tellEvery, tell)
}

func (a *Appliance) tellAll(ctx context.Context) error {
	at := a.Clock.Now().UTC()
	var told []message.PersonID
	err := a.Store.View(func(tx *store.Tx) (err error) {
		if told, err = oncall.Owners(tx); err != nil {
			return err
		}
		office, err := a.officeToTell(tx, at)
		for _, id := range office {
			if !slices.Contains(told, id) {
				told = append(told, id)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, owner := range told {
		if err := a.tell(ctx, owner, at); err != nil {
			return err
		}
	}
	return nil
}

// runsOffice says whether the protocol is the person's to look after: an office has
// one, and whoever may write it is told what it needs.
func runsOffice(p access.Person) bool { return p.Staff() && slices.Contains(p.Roles, access.Admin) }

// officeToTell are those who look after the protocol, while it needs them; who was
// told of something before is looked at too, so that what is over is forgotten.
func (a *Appliance) officeToTell(tx *store.Tx, at time.Time) (list []message.PersonID, err error) {
	rules, err := a.Protocols.Findings(tx, at, a.office(tx, at))
	if err != nil {
		return nil, err
	}
	people, err := a.Access.People(tx)
	for _, p := range people {
		if runsOffice(p) && (len(rules) > 0 || oncall.WasTold(tx, p.ID)) {
			list = append(list, p.ID)
		}
	}
	return list, err
}

// letter is a digest on its way to somebody.
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
	onCall, err := oncall.Digest(tx, at, onCallStaff{a}, owner)
	if err != nil {
		return l, err
	}
	p, found, err := a.Access.Person(tx, owner)
	if err != nil {
		return l, err
	}
	var rules []finding.Finding
	if runsOffice(p) {
		if rules, err = a.Protocols.Findings(tx, at, a.office(tx, at)); err != nil {
			return l, err
		}
	}
	all := slices.Concat(onCall, rules)
	reach, _ := oncall.ReachOf(tx, owner) // damaged: they said nothing about quiet hours
	alarm := slices.ContainsFunc(all, func(f finding.Finding) bool { return f.Severity == finding.Alarm })
	condition, _ := a.Queue.Mail(tx, p.Mail)
	way := found && p.Staff() && condition != notify.Absent && (alarm || !reach.QuietAt(a.practice.Zone, at))
	if l.before, l.after, l.send, err = oncall.Tell(tx, owner, all, way, at); err != nil || !l.send {
		return l, err
	}
	l.count = len(all)
	l.mail = notify.Mail{Key: "oncall-digest/" + string(owner), Person: owner, To: p.Mail, At: at}
	host := "https://" + a.practice.Host + a.where.port()
	l.mail.Subject, l.mail.Text = oncall.DigestWords(
		oncall.DigestPart{Name: "On call", Why: "You look after an on-call schedule.", Findings: onCall, Link: host + "/on-call"},
		oncall.DigestPart{Name: "Protocol", Why: "You look after the practice's protocol.", Findings: rules, Link: host + "/protocol"})
	return l, nil
}
