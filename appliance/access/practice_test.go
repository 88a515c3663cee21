package access_test

import (
	"crypto/ed25519"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

const (
	passphrase  = "mauve otter 41 ladder"   // opens a slot
	shortPhrase = "pebble7kite#"            // twelve characters: an account without a slot
	newPhrase   = "quiet harbor 88 pencils" // another one that opens a slot
)

var (
	desk    = netip.MustParseAddr("192.168.1.20")
	home    = netip.MustParseAddr("203.0.113.7")
	morning = time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
)

// practice is a store, an open vault and a door, in a temporary folder.
type practice struct {
	*testing.T
	store *store.Store
	vault *vault.Vault
	door  *access.Access
	clock *clockwork.FakeClock
}

func newPractice(t *testing.T) *practice {
	t.Helper()
	p := &practice{T: t, clock: clockwork.NewFakeClockAt(morning)}
	log := slog.New(slog.DiscardHandler)
	var err error
	p.store, err = store.Open(t.Context(), store.Options{Dir: t.TempDir(), Clock: p.clock, Log: log})
	p.must(err)
	t.Cleanup(func() { p.store.Close() })
	signing, _, err := ed25519.GenerateKey(nil)
	p.must(err)
	kit, err := crypto.NewKit("Cedar Street", morning, signing)
	p.must(err)
	p.vault, err = vault.Create(t.Context(), vault.Options{Store: p.store, Clock: p.clock, Log: log}, kit)
	p.must(err)
	t.Cleanup(func() { p.vault.Close() })
	p.door = access.New(access.Options{Store: p.store, Vault: p.vault, Clock: p.clock, Log: log})
	return p
}

func (p *practice) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// reader is the word of somebody who reads.
func (p *practice) reader() *vault.Reader {
	p.Helper()
	r, err := p.vault.Reader()
	p.must(err)
	return r
}

// add makes a person without a slot.
func (p *practice) add(name string, roles ...access.Role) access.Person {
	p.Helper()
	password := shortPhrase
	if access.Reads(roles) {
		password = passphrase
	}
	made, err := p.door.AddPerson(p.Context(), audit.Owner, access.NewPerson{Name: name, Roles: roles, Password: password}, nil)
	p.must(err)
	return made
}

func (p *practice) signIn(name, password string, from netip.Addr) (access.Session, string) {
	p.Helper()
	s, token, err := p.door.SignIn(p.Context(), name, password, from)
	p.must(err)
	return s, token
}

// person reads a person anew.
func (p *practice) person(name string) (who access.Person) {
	p.Helper()
	p.must(p.store.View(func(tx *store.Tx) (err error) {
		var found bool
		if who, found, err = p.door.FindPerson(tx, name); err == nil && !found {
			p.Errorf("there is no %s", name)
		}
		return err
	}))
	return who
}

// trace lists what the log holds, one word a leaf, leaving out the keys' own.
func (p *practice) trace() (words []string) {
	p.Helper()
	for _, l := range p.leaves() {
		switch l.What {
		case audit.PracticeMade, audit.EpochMade, audit.SlotMade:
		default:
			words = append(words, string(l.What))
		}
	}
	return words
}

func (p *practice) leaves() (leaves []audit.Leaf) {
	p.Helper()
	p.must(p.store.View(func(tx *store.Tx) (err error) {
		leaves, err = audit.Range(tx, 0, 1000)
		return err
	}))
	return leaves
}

func (p *practice) wantTrace(want ...string) {
	p.Helper()
	if got := p.trace(); !slices.Equal(got, want) {
		p.Errorf("the log says\n\t%s\nwant\n\t%s", strings.Join(got, " "), strings.Join(want, " "))
	}
}

func (p *practice) wantFindings(want ...string) {
	p.Helper()
	var got []string
	p.must(p.store.View(func(tx *store.Tx) error {
		list, err := p.door.Findings(tx, p.clock.Now())
		for _, f := range list {
			id, _, _ := strings.Cut(f.ID, "/")
			got = append(got, id)
			if f.Text == "" || f.Do == "" {
				p.Errorf("%s does not say what is wrong and what to do", f.ID)
			}
		}
		return err
	}))
	if !slices.Equal(got, want) {
		p.Errorf("findings %v, want %v", got, want)
	}
}
