package escalation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/notify/channeltest"
	"nightbell/appliance/store"
)

// What people were told, and what they answer.

// told are the people whom a message was ever mailed to, each with the minutes
// since the practice opened: "okafor@0".
func (p *practice) told(id message.ID) (list []string) {
	p.t.Helper()
	p.read(func(tx *store.Tx) error {
		mails, err := channeltest.Outbox{}.Sent(tx)
		slices.SortStableFunc(mails, func(a, b notify.Mail) int { return a.At.Compare(b.At) })
		for _, m := range mails {
			if m.Message == id {
				list = append(list, fmt.Sprintf("%s@%g", m.Person, m.At.Sub(p.began).Minutes()))
			}
		}
		return err
	})
	return list
}

// texted are the people whom a message was sent to as a text: "okafor@0".
func (p *practice) texted(id message.ID) (list []string) {
	p.t.Helper()
	p.read(func(tx *store.Tx) (err error) {
		prefix := string(id) + "/"
		tx.AscendPrefix("test-texts", prefix, func(key string, _ []byte) bool {
			who, at, _ := strings.Cut(key[len(prefix):], "/")
			var moment time.Time
			moment, err = time.Parse(time.RFC3339Nano, at)
			list = append(list, fmt.Sprintf("%s@%g", who, moment.Sub(p.began).Minutes()))
			return err == nil
		})
		return err
	})
	return list
}

func (p *practice) expectTexted(id message.ID, want ...string) {
	p.t.Helper()
	got := p.texted(id)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		p.t.Errorf("texted %v, want %v", got, want)
	}
}

// policy keeps a policy.
func (p *practice) policy(y escalation.Policy) {
	p.t.Helper()
	p.must(func(tx *store.Tx) error { return escalation.SetPolicy(tx, "dana", y, p.clock.Now()) })
}

// declines, snoozes and hears are answers as the desk hands them on.
func (p *practice) declines(id message.ID, who message.PersonID) {
	p.t.Helper()
	if err := p.tryDecline(id, who); err != nil {
		p.t.Fatal(err)
	}
}

func (p *practice) tryDecline(id message.ID, who message.PersonID) error {
	at := p.clock.Now()
	err := p.store.Update(p.t.Context(), func(tx *store.Tx) error {
		env, _, err := store.GetEnvelope(tx, id)
		if err == nil && env.Assignee == who {
			env.Assignee = ""
			if env.Status, err = env.Status.Next(message.StepDecline); err == nil {
				err = store.PutEnvelope(tx, env)
			}
		}
		if err != nil {
			return err
		}
		return p.bell.Declined(tx, env, who, at)
	})
	synctest.Wait()
	return err
}

func (p *practice) snoozes(id message.ID, who message.PersonID, wait time.Duration) {
	p.t.Helper()
	if err := p.trySnooze(id, who, wait); err != nil {
		p.t.Fatal(err)
	}
}

func (p *practice) trySnooze(id message.ID, who message.PersonID, wait time.Duration) error {
	at := p.clock.Now()
	err := p.store.Update(p.t.Context(), func(tx *store.Tx) error {
		env, _, err := store.GetEnvelope(tx, id)
		if err != nil {
			return err
		}
		env.Assignee = who
		if env.Status, err = env.Status.Next(message.StepTake); err != nil {
			return err
		}
		if err := store.PutEnvelope(tx, env); err != nil {
			return err
		}
		return p.bell.Snoozed(tx, env, at.Add(wait), at)
	})
	synctest.Wait()
	return err
}

func (p *practice) hears(id message.ID, who message.PersonID) {
	p.t.Helper()
	p.must(func(tx *store.Tx) error {
		env, _, err := store.GetEnvelope(tx, id)
		if err != nil {
			return err
		}
		return p.bell.Heard(tx, env, who, p.clock.Now())
	})
}

// expectTold compares whom a message was mailed to; the order among those who
// were mailed at one moment does not matter.
func (p *practice) expectTold(id message.ID, want ...string) {
	p.t.Helper()
	got := p.told(id)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		p.t.Errorf("told %v, want %v", got, want)
	}
}
