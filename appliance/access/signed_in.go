package access

import (
	"context"
	"fmt"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// Session answers the session of a cookie's token as it stands now, and counts
// as its person being there.
func (a *Access) Session(token string) (Session, bool) { return a.session(token, true) }

// Peek is Session for what the browser does by itself, such as an open event
// stream: it does not keep an idle session alive.
func (a *Access) Peek(token string) (Session, bool) { return a.session(token, false) }

func (a *Access) session(token string, touch bool) (Session, bool) {
	h, ok := a.sessions.find(token, a.now(), touch)
	if !ok {
		return Session{}, false
	}
	var p Person
	var slot bool
	err := a.store.View(func(tx *store.Tx) (err error) {
		if p, ok, err = people.Get(tx, string(h.who)); err != nil || !ok {
			return err
		}
		var c credential
		if c, _, err = credentials.Get(tx, string(h.who)); err != nil {
			return err
		}
		ok = p.Staff() && c.Number == h.credential
		slot = a.vault.HasSlot(tx, h.who)
		return nil
	})
	if err != nil {
		a.log.Error("a session could not be looked up", "err", err)
		return Session{}, false
	}
	if !ok {
		a.sessions.end(func(old *held) bool { return old.id == h.id })
		return Session{}, false
	}
	reads := Reads(p.Roles)
	return Session{
		ID: h.id, Who: p.ID, Name: p.Name, FullName: p.FullName, Roles: p.Roles, Teams: p.Teams,
		Reader: reads && slot, WantsSlot: reads && !slot, Asleep: h.asleep && reads && slot,
		From: h.from, SignedInAt: h.since, LastSeen: h.seen, EndsAt: h.since.Add(a.sessions.absolute),
	}, true
}

// SignOut ends the session of a token.
func (a *Access) SignOut(ctx context.Context, token string) error {
	h, ok := a.sessions.find(token, a.now(), false)
	if !ok {
		return nil
	}
	a.sessions.end(func(old *held) bool { return old.id == h.id })
	now := a.now()
	err := a.store.Update(ctx, func(tx *store.Tx) error {
		return leaf(tx, audit.Leaf{At: now, What: audit.SignOut, Who: string(h.who)})
	})
	if err != nil {
		return fmt.Errorf("recording a sign-out: %w", err)
	}
	return nil
}

// EndSessions signs a person out everywhere.
func (a *Access) EndSessions(who message.PersonID) {
	a.sessions.end(func(h *held) bool { return h.who == who })
}

// OnEnd has f called with a session's ID after it ended, however it did, so
// that its open event streams are closed. f must not block.
func (a *Access) OnEnd(f func(sessionID string)) { a.sessions.onEnd(f) }

// ReaderFor answers what AddPerson, SetPerson, ResetPassword and GrantSlot take
// as the word of a reader, or nil: when the session may not say yes, or the
// appliance is locked.
func (a *Access) ReaderFor(s Session) *vault.Reader {
	if !s.May(GrantReading) {
		return nil
	}
	r, err := a.vault.Reader()
	if err != nil {
		return nil
	}
	return r
}
