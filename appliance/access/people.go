package access

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"filippo.io/age"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// Person is somebody the practice knows: staff who sign in, or a contact
// outside who only gets mail sealed to them. Nothing in it opens anything.
type Person struct {
	ID           message.PersonID `json:"id"`
	Name         string           `json:"name,omitempty"` // signs in with; a contact needs none
	FullName     string           `json:"full_name"`
	Roles        []Role           `json:"roles,omitempty"`
	Teams        []message.TeamID `json:"teams,omitempty"`         // beside "everybody", which all staff are in
	Mail         string           `json:"mail,omitempty"`          // where notices and sealed mail go
	AgeRecipient string           `json:"age_recipient,omitempty"` // what "send securely" seals to
	Contact      bool             `json:"contact,omitempty"`       // outside: never signs in
	Disabled     bool             `json:"disabled,omitempty"`
	MadeAt       time.Time        `json:"made_at"`
	MadeBy       string           `json:"made_by"`

	WantsSlot bool      `json:"wants_slot,omitempty"` // has a role that reads, and no key slot yet
	SlotBy    string    `json:"slot_by,omitempty"`    // who said yes to it
	SlotAt    time.Time `json:"slot_at,omitzero"`     // since when they can open messages; zero: they cannot
	LastSeen  time.Time `json:"last_seen,omitzero"`   // last sign-in

	// ShortPassword says that a promised slot waits for a longer password.
	ShortPassword bool `json:"short_password,omitempty"`
}

// Staff says whether the person may sign in at all.
func (p Person) Staff() bool { return !p.Contact && !p.Disabled }

// In says whether messages given to a team are the person's to work.
func (p Person) In(team message.TeamID) bool { return in(p.Teams, team) }

func in(teams []message.TeamID, team message.TeamID) bool {
	return team == "" || team == message.Everybody || slices.Contains(teams, team)
}

// Call is what people call them on a page: the full name, else the sign-in name.
func (p Person) Call() string { return cmp.Or(p.FullName, p.Name) }

// Reads says whether the person holds a key slot.
func (p Person) Reads() bool { return !p.SlotAt.IsZero() && !p.Disabled }

// credential is what proves a person who holds no key slot: an argon2id hash.
// It lies apart from Person so that no page or export shows it by mistake. Its
// number grows with each change, which ends sessions of the one before.
type credential struct {
	Hash   string `json:"hash,omitempty"`
	Number int    `json:"number"`
}

var (
	people      = store.NewTable[Person]("people")
	names       = store.NewTable[message.PersonID]("people-names")
	credentials = store.NewTable[credential]("people-credentials")
)

// Person answers one person, whether disabled or not.
func (a *Access) Person(tx *store.Tx, id message.PersonID) (Person, bool, error) {
	return people.Get(tx, string(id))
}

// FindPerson answers whoever has the sign-in name, in whatever case it is typed.
func (a *Access) FindPerson(tx *store.Tx, name string) (Person, bool, error) {
	id, ok, err := names.Get(tx, canonical(name))
	if err != nil || !ok {
		return Person{}, false, err
	}
	return people.Get(tx, string(id))
}

// People answers everybody, contacts and disabled ones too, ordered as a page
// shows them: staff, contacts, disabled, each by name. With store.ErrDamaged it
// answers those that can be read.
func (a *Access) People(tx *store.Tx) ([]Person, error) {
	var all []Person
	err := people.Each(tx, "", func(_ string, p Person) error {
		all = append(all, p)
		return nil
	})
	rank := func(p Person) int {
		switch {
		case p.Disabled:
			return 2
		case p.Contact:
			return 1
		}
		return 0
	}
	slices.SortFunc(all, func(p, q Person) int {
		return cmp.Or(cmp.Compare(rank(p), rank(q)), strings.Compare(strings.ToLower(p.Call()), strings.ToLower(q.Call())), cmp.Compare(p.ID, q.ID))
	})
	return all, err
}

// Works says whether a person is there to work messages.
func (a *Access) Works(tx *store.Tx, id message.PersonID) bool {
	p, ok, err := people.Get(tx, string(id))
	return err == nil && ok && p.Staff() && Allowed(p.Roles, WorkMessage)
}

// Staffed says whether somebody of a team is there to work messages. Everybody is.
func (a *Access) Staffed(tx *store.Tx, team message.TeamID) bool {
	staffed := in(nil, team)
	_ = people.Each(tx, "", func(_ string, p Person) error { // who cannot be read is not there
		staffed = staffed || p.Staff() && Allowed(p.Roles, WorkMessage) && p.In(team)
		return nil
	})
	return staffed
}

// NewReaders answers who got a key slot since then, so that all readers can be
// told who else opens messages now.
func (a *Access) NewReaders(tx *store.Tx, since time.Time) ([]Person, error) {
	all, err := a.People(tx)
	return slices.DeleteFunc(all, func(p Person) bool { return !p.Reads() || p.SlotAt.Before(since) }), err
}

// nameRule keeps sign-in names short enough to type at night and plain enough
// to stand in a command, a calendar and an audit report.
var nameRule = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,31}$`)

// canonical is a sign-in name as it is kept: what phones and people change
// while typing it (capitals, a space at the end) does not matter.
func canonical(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// check makes a person's fields canonical and says what cannot be used.
func (p *Person) check() error {
	p.Name, p.FullName, p.Mail, p.AgeRecipient = canonical(p.Name), strings.TrimSpace(p.FullName), strings.TrimSpace(p.Mail), strings.TrimSpace(p.AgeRecipient)
	if !(p.Contact && p.Name == "") && !nameRule.MatchString(p.Name) {
		return &Invalid{Field: "name", Why: "use 2 to 32 of: small letters, digits, dot, dash, underscore"}
	}
	if p.FullName == "" {
		p.FullName = p.Name
	}
	if !printable(p.FullName, 100) || p.FullName == "" {
		return &Invalid{Field: "full name", Why: "use 1 to 100 ordinary characters"}
	}
	if p.Contact != (len(p.Roles) == 0) {
		return &Invalid{Field: "roles", Why: "staff have at least one role, a contact outside has none"}
	}
	if p.Mail != "" && !MailAddress(p.Mail) {
		return &Invalid{Field: "mail", Why: "write the address alone, like name@example.org"}
	}
	return checkRecipient(p.AgeRecipient, p.Contact)
}

// checkRecipient accepts age's hybrid recipients (age1pq1…) from everybody, and
// classic ones (age1…) from contacts outside: mail to them is sealed to them
// alone, so the two kinds never meet in one file, which age would refuse.
func checkRecipient(recipient string, contact bool) error {
	if recipient == "" {
		return nil
	}
	if _, err := age.ParseHybridRecipient(recipient); err == nil {
		return nil
	}
	if _, err := age.ParseX25519Recipient(recipient); err == nil {
		if contact {
			return nil
		}
		return &Invalid{Field: "age recipient", Why: "staff need a post-quantum one (age1pq1…); make it with: age-keygen -pq"}
	}
	return &Invalid{Field: "age recipient", Why: "it begins with age1pq1 and is the public one (never the secret AGE-SECRET-KEY)"}
}

// MailAddress says whether s is a bare ASCII address: what is put into SMTP
// commands and the head of a mail must hold nothing else.
func MailAddress(s string) bool {
	at, err := mail.ParseAddress(s)
	return err == nil && at.Address == s && len(s) <= 254 && printable(s, 254) && ascii(s)
}

func printable(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// put writes a person and keeps the index of sign-in names true. It refuses a
// name or an id that another person has.
func put(tx *store.Tx, p Person) error {
	old, had, err := people.Get(tx, string(p.ID))
	if err != nil {
		return err
	}
	if p.Name != "" {
		if id, taken, err := names.Get(tx, p.Name); err != nil {
			return err
		} else if taken && id != p.ID {
			return errNameTaken
		}
		if err := names.Put(tx, p.Name, p.ID); err != nil {
			return err
		}
	}
	if had && old.Name != "" && old.Name != p.Name {
		if err := names.Delete(tx, old.Name); err != nil {
			return err
		}
	}
	return people.Put(tx, string(p.ID), p)
}

// get is Person for changes: not to be found is an error.
func get(tx *store.Tx, id message.PersonID) (Person, error) {
	p, ok, err := people.Get(tx, string(id))
	if err == nil && !ok {
		err = fmt.Errorf("person %s: %w", id, ErrUnknownPerson)
	}
	return p, err
}

// setCredential puts a hash ("" for a holder of a slot, or for nobody) in place
// of the one before and ends that one's sessions by its number.
func setCredential(tx *store.Tx, id message.PersonID, hash string) error {
	c, _, err := credentials.Get(tx, string(id))
	if err != nil {
		return err
	}
	return credentials.Put(tx, string(id), credential{Hash: hash, Number: c.Number + 1})
}

// newPersonID makes an id that says nothing about its person. It is also part
// of the name of their key slot's file.
func newPersonID() message.PersonID {
	return message.PersonID("p" + strings.ToLower(rand.Text()[:15]))
}
