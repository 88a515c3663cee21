package oncall

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/finding"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// digestEvery is how often an owner is told what does not burn. An alarm is told
// at once, and once.
const digestEvery = 7 * 24 * time.Hour

// Told is what an owner, or whoever looks after the protocol, was told.
type Told struct {
	At     time.Time `json:"at"`               // UTC: the last digest, or since when there is one to send
	Alarms []string  `json:"alarms,omitempty"` // ids of those that stand and were told
}

var tolds = store.NewTable[Told]("oncall-told") // by owner

// Digest is what of Stale concerns an owner of schedules; nothing for whoever
// owns none.
func Digest(tx *store.Tx, at time.Time, staff Staff, owner message.PersonID) ([]finding.Finding, error) {
	owned, err := all(tx, schedules)
	if err != nil {
		return nil, fmt.Errorf("reading the schedules: %w", err)
	}
	owned = slices.DeleteFunc(owned, func(s Schedule) bool { return s.Owner != owner || owner == "" })
	if len(owned) == 0 {
		return nil, nil
	}
	every, err := concerns(tx, at, staff)
	var list []finding.Finding
	for _, c := range every {
		theirs := func(id string) bool { return slices.ContainsFunc(owned, func(s Schedule) bool { return s.ID == id }) }
		if len(c.schedules) == 0 || slices.ContainsFunc(c.schedules, theirs) {
			list = append(list, c.Finding)
		}
	}
	finding.Sort(list)
	return list, err
}

// Owners are who owns a schedule, each once.
func Owners(tx *store.Tx) (list []message.PersonID, err error) {
	err = schedules.Each(tx, "", func(_ string, s Schedule) error {
		if s.Owner != "" && !slices.Contains(list, s.Owner) {
			list = append(list, s.Owner)
		}
		return nil
	})
	return list, err
}

// Tell answers what an owner was told before, what they are after this digest,
// and whether it is to be sent: a week after the last one, or because of an alarm
// that they were not told of. An alarm that is over is told again when it comes
// back. Where there is no way to send it, it stays to be told.
func Tell(tx *store.Tx, owner message.PersonID, digest []finding.Finding, way bool, at time.Time) (before, after Told, send bool, err error) {
	before, known, err := tolds.Get(tx, string(owner))
	if err != nil {
		return before, before, false, fmt.Errorf("reading what %s was told: %w", owner, err)
	}
	after = Told{At: before.At}
	if !known || before.At.After(at) { // a clock that was wrong must not put the next one off for years
		after.At = at.UTC()
	}
	send = len(digest) > 0 && at.Sub(after.At) >= digestEvery
	for _, id := range alarms(digest) {
		if slices.Contains(before.Alarms, id) {
			after.Alarms = append(after.Alarms, id)
			continue
		}
		send = true
	}
	if send = send && way; send {
		after = Told{At: at.UTC(), Alarms: alarms(digest)}
	}
	return before, after, send, nil
}

// WasTold says whether somebody was told anything, or is about to be.
func WasTold(tx *store.Tx, who message.PersonID) bool {
	_, known, err := tolds.Get(tx, string(who))
	return known || err != nil
}

// Same says whether there is nothing new to keep.
func (t Told) Same(other Told) bool {
	return t.At.Equal(other.At) && slices.Equal(t.Alarms, other.Alarms)
}

// KeepTold keeps what an owner was told; count is how many things, none where
// nothing was sent.
func KeepTold(tx *store.Tx, owner message.PersonID, t Told, count int, at time.Time) error {
	if err := tolds.Put(tx, string(owner), t); err != nil {
		return fmt.Errorf("keeping what %s was told: %w", owner, err)
	}
	if count == 0 {
		return nil
	}
	_, err := audit.Append(tx, audit.Leaf{At: at.UTC(), Who: audit.System, What: audit.DigestSent, About: []string{string(owner)}, Count: count})
	return err
}

func alarms(digest []finding.Finding) (ids []string) {
	for _, f := range digest {
		if f.Severity == finding.Alarm {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// DigestWords puts a digest into a mail: what of the schedules needs an owner, and
// what else needs whoever runs the office. It names staff, and nobody else.
func DigestWords(parts ...DigestPart) (subject, text string) {
	var b strings.Builder
	var names []string
	count := 0
	for _, p := range parts {
		if len(p.Findings) == 0 {
			continue
		}
		names, count = append(names, p.Name), count+len(p.Findings)
		b.WriteString(p.Why + " This needs somebody:\n\n")
		for _, f := range p.Findings {
			fmt.Fprintf(&b, "- %s\n  %s\n\n", f.Text, f.Do)
		}
		b.WriteString("Where to do it: " + p.Link + "\n\n")
	}
	subject = fmt.Sprintf("%s: %d things to look at", strings.Join(names, ", "), count)
	if count == 1 {
		subject = names[0] + ": one thing to look at"
	}
	return subject, strings.TrimSuffix(b.String(), "\n")
}

// DigestPart is what of one thing needs somebody.
type DigestPart struct {
	Name     string // in the subject: "On call"
	Why      string // why they are told: "You look after an on-call schedule."
	Findings []finding.Finding
	Link     string
}
