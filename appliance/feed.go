package appliance

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// What a feed shows, from the day that it is read on.
const (
	feedPast  = 14 * 24 * time.Hour
	feedAhead = 180 * 24 * time.Hour
)

// NewFeed makes a private calendar address for a person, of their own shifts or
// of everybody's, and answers its token: it is shown once and kept nowhere.
func (a *Appliance) NewFeed(ctx context.Context, by string, owner message.PersonID, whole bool) (token string, err error) {
	id, err := newID()
	if err != nil {
		return "", err
	}
	token = strings.ToLower(rand.Text())
	at := a.Clock.Now().UTC()
	return token, a.Store.Update(ctx, func(tx *store.Tx) error { return oncall.NewFeed(tx, by, id, token, owner, whole, at) })
}

// RevokeFeed ends a calendar address of a person.
func (a *Appliance) RevokeFeed(ctx context.Context, by, id string, owner message.PersonID) error {
	at := a.Clock.Now().UTC()
	return a.Store.Update(ctx, func(tx *store.Tx) error { return oncall.RevokeFeed(tx, by, id, owner, at) })
}

// Feeds are the calendar addresses of a person, without their tokens.
func (a *Appliance) Feeds(owner message.PersonID) (list []oncall.FeedToken, err error) {
	err = a.Store.View(func(tx *store.Tx) error {
		list, err = oncall.Feeds(tx, owner)
		return err
	})
	return list, err
}

// Calendar is who is on call as an iCalendar file, for somebody who is signed in:
// one person's shifts, or everybody's where who is empty.
func (a *Appliance) Calendar(who message.PersonID) (file []byte, err error) {
	err = a.Store.View(func(tx *store.Tx) error {
		file, err = a.calendarOf(tx, who)
		return err
	})
	return file, err
}

// Feed answers the calendar that a token is of, as an iCalendar file: names of
// staff and times, nothing of a patient. oncall.ErrNoFeed says that it is of
// none, or that its owner has left.
func (a *Appliance) Feed(_ context.Context, token string) (file []byte, err error) {
	err = a.Store.View(func(tx *store.Tx) error {
		f, err := oncall.CheckFeed(tx, token)
		if err != nil {
			return err
		}
		owner, found, err := a.Access.Person(tx, f.Owner)
		if err != nil {
			return err
		}
		if !found || !owner.Staff() || !access.Allowed(owner.Roles, access.SeeSchedule) {
			return oncall.ErrNoFeed
		}
		who := f.Owner
		if f.Whole {
			who = ""
		}
		file, err = a.calendarOf(tx, who)
		return err
	})
	return file, err
}

func (a *Appliance) calendarOf(tx *store.Tx, who message.PersonID) ([]byte, error) {
	now := a.Clock.Now().UTC()
	plan, err := oncall.LoadSince(tx, now.Add(-feedPast))
	if err != nil {
		return nil, err
	}
	o := oncall.FeedOptions{Person: who, Now: now, From: now.Add(-feedPast), To: now.Add(feedAhead),
		Name: a.practice.Name + ": on call", Call: a.whoCanBeRung(tx)}
	if who != "" {
		o.Name = a.practice.Name + ": " + a.called(tx, who) + " on call"
	}
	return oncall.Feed(plan, o)
}

// whoCanBeRung answers what somebody is called, and nothing of whom escalation
// passes over.
func (a *Appliance) whoCanBeRung(tx *store.Tx) func(message.PersonID) string {
	names := map[message.PersonID]string{}
	return func(id message.PersonID) string {
		name, known := names[id]
		if !known {
			if p, found, err := a.Access.Person(tx, id); err == nil && found && p.Staff() {
				name = a.called(tx, id)
			}
			names[id] = name
		}
		return name
	}
}
