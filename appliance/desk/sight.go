package desk

import (
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
)

// ownFor is how long call takers may still read what they typed after somebody
// took it: the doctor who rings the desk back gets the number.
const ownFor = 30 * time.Minute

// Seal says why the contents of a message are not shown.
type Seal string

const (
	Opened   Seal = ""          // they are shown
	Locked   Seal = "locked"    // the appliance is locked, or the session asleep
	NotYours Seal = "not-yours" // the person may not read it
	Forged   Seal = "forged"    // it is not what was sealed: nothing of it can be trusted
	Gone     Seal = "gone"      // its key was destroyed
	Broken   Seal = "broken"    // it could not be opened; the log says why
)

// Words is the seal as a page says it.
func (s Seal) Words() string {
	switch s {
	case Locked:
		return "Sealed until somebody who reads signs in"
	case NotYours:
		return "Sealed"
	case Forged:
		return "This is not what was sealed. Do not trust it; ask who keeps the server"
	case Gone:
		return "Destroyed"
	case Broken:
		return "It could not be opened; ask who keeps the server"
	}
	return ""
}

// onlyOwn says whether a session sees no message but those its person typed.
func onlyOwn(s access.Session) bool {
	return access.Allowed(s.Roles, access.ReadOwn) && !access.Allowed(s.Roles, access.WorkMessage)
}

// sees says whether a session may see that a message is there.
func sees(s access.Session, e message.Envelope) bool {
	return s.May(access.SeeDesk) && (!onlyOwn(s) || e.TypedBy == s.Who)
}

// mayRead says whether a session may read what a message says, were it open.
func mayRead(s access.Session, e message.Envelope, at time.Time) bool {
	return s.May(access.ReadTeam) && theirs(s, e) || s.May(access.ReadOwn) && ownStill(s, e, at)
}

// theirs says whether a message is the session's to read and to work by whom it
// was given to: their team, they themselves, or as a clinical one any provider.
func theirs(s access.Session, e message.Envelope) bool {
	return s.In(e.Team) || e.Assignee == s.Who || e.Clinical && access.Allowed(s.Roles, access.ReadClinical)
}

// mayWork says whether a session may do something to a message. Whoever works
// messages may help with an urgent one.
func mayWork(s access.Session, e message.Envelope) bool {
	return theirs(s, e) || e.Urgency == message.Urgent || e.TypedBy != "" && e.TypedBy == s.Who
}

// ownStill says whether a message is the session's own and still readable to it.
func ownStill(s access.Session, e message.Envelope, at time.Time) bool {
	if e.TypedBy == "" || e.TypedBy != s.Who {
		return false
	}
	ends := e.TakenAt
	if ends.IsZero() {
		ends = e.ClosedAt
	}
	return ends.IsZero() || at.Before(ends.Add(ownFor))
}

// sealOf answers why a session does not see what a message says, before any key
// is used.
func (d *Desk) sealOf(s access.Session, e message.Envelope, at time.Time) Seal {
	switch {
	case mayRead(s, e, at):
		if d.vault.Locked() {
			return Locked
		}
		return Opened
	case s.Asleep && access.Allowed(s.Roles, access.ReadTeam) && theirs(s, e):
		return Locked
	}
	return NotYours
}
