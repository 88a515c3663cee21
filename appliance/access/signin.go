package access

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"

	"nightbell/appliance/audit"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

// SignIn checks a name and a password and begins a session. For a person with a
// key slot the opening of the slot is the check, and opens the appliance; for
// others it is an argon2id hash.
//
// The answer is ErrRefused, after the same kind of work, whether the name is
// unknown, disabled or the password wrong. It is a *TooMany, before any work,
// to who tried too often; that is counted by address, and by account and address
// together, so that a guesser does not keep the account's owner out from elsewhere.
// Any other error is ours: a key slot that cannot be read, a store that cannot commit.
func (a *Access) SignIn(ctx context.Context, name, password string, from netip.Addr) (Session, string, error) {
	acct, err := a.try(ctx, attempt{name: name, password: password, from: from}, a.admit)
	if err != nil {
		return Session{}, "", err
	}
	token := a.sessions.begin(held{who: acct.person.ID, credential: acct.credential.Number, from: from}, a.now())
	s, ok := a.Session(token)
	if !ok {
		return Session{}, "", ErrRefused // disabled since the commit
	}
	return s, token, nil
}

// Unlock checks the password of a session's person again: it wakes the session
// after a lock and, where the person holds a key slot, opens the appliance.
// It refuses as SignIn does.
func (a *Access) Unlock(ctx context.Context, s Session, password string, from netip.Addr) error {
	if _, err := a.try(ctx, attempt{name: s.Name, password: password, from: from}, a.admit); err != nil {
		return err
	}
	a.sessions.change(func(h *held) bool { return h.id == s.ID }, func(h *held) { h.asleep = false })
	return nil
}

// attempt is a name and a password as somebody gave them.
type attempt struct {
	name, password string
	from           netip.Addr
}

// kind is the work that a sign-in costs.
type kind int

const (
	byHash kind = iota // argon2id
	bySlot             // scrypt, opening the person's slot
)

// account is what there is to know about a name when its password is tried.
type account struct {
	person     Person
	credential credential
	kind       kind
	real       bool // it may sign in
}

// try runs one attempt from its rate limit to its outcome; derivations run one
// at a time. When the password was right, then runs within the same turn.
func (a *Access) try(ctx context.Context, t attempt, then func(context.Context, account, attempt) error) (account, error) {
	t.name = canonical(t.name)
	if !nameRule.MatchString(t.name) {
		t.name = "" // never found, and all counted as one
	}
	if len(t.password) > maxPassword {
		t.name, t.password = "", "" // nobody has one this long
	}
	charges := []charge{{"address " + origin(t.from), perAddress}, {"account " + origin(t.from) + " " + t.name, perAccount}}
	if wait, ok := a.guesses.take(a.now(), charges...); !ok {
		a.Refused(ctx, audit.Leaf{What: audit.SignInRefused, Who: nobody, Why: "too-many", From: address(t.from)})
		return account{}, &TooMany{After: wait}
	}
	leave, err := a.line.enter(ctx, origin(t.from), a.cameBefore(t.from))
	if err != nil {
		a.guesses.giveBack(a.now(), charges...) // nothing was tried
		return account{}, err
	}
	defer leave()
	ctx = context.WithoutCancel(ctx) // what is tried is recorded, though whoever asked does not wait for the answer
	acct, err := a.look(t.name)
	if err == nil {
		err = a.check(ctx, acct, t.password)
	}
	if err == nil {
		err = then(ctx, acct, t)
	}
	if errors.Is(err, ErrRefused) || errors.Is(err, vault.ErrWrongPassword) || errors.Is(err, vault.ErrNoSlot) {
		a.Refused(ctx, audit.Leaf{What: audit.SignInRefused, Who: cmp.Or(string(acct.person.ID), nobody), Why: "wrong", From: address(t.from)})
		return account{}, ErrRefused
	}
	a.guesses.giveBack(a.now(), charges...) // right, or our own fault
	if err != nil {
		return account{}, fmt.Errorf("signing in: %w", err)
	}
	return acct, nil
}

// look finds the account of a name. A name that may not sign in gets its kind
// of work from a keyed hash, so that asking again, tomorrow too, says nothing.
func (a *Access) look(name string) (acct account, err error) {
	var key []byte
	err = a.store.View(func(tx *store.Tx) error {
		key = tx.Get(bucketDoor, keyDecoys)
		p, found, err := a.FindPerson(tx, name)
		if err != nil || !found {
			return err
		}
		acct.person = p
		acct.credential, _, err = credentials.Get(tx, string(p.ID))
		if a.vault.HasSlot(tx, p.ID) {
			acct.kind = bySlot
		}
		acct.real = p.Staff() && (acct.kind == bySlot || acct.credential.Hash != "")
		return err
	})
	if err != nil {
		return account{}, err
	}
	if !acct.real {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(name))
		acct.kind = kind(mac.Sum(nil)[0] & 1)
	}
	return acct, nil
}

// check does the work of a password and says whether it is right.
func (a *Access) check(ctx context.Context, acct account, password string) error {
	switch {
	case acct.real && acct.kind == bySlot:
		return a.vault.UnlockPassword(ctx, acct.person.ID, password)
	case acct.real:
		return a.vault.RunAlone(ctx, func() error { return crypto.VerifyHash(acct.credential.Hash, password) })
	case acct.kind == bySlot:
		return a.vault.SpendPassword(ctx, password)
	}
	if _, err := a.hash(ctx, password); err != nil {
		return err
	}
	return vault.ErrWrongPassword
}

// admit commits a sign-in: its leaf, the address it came from, and the key slot
// of a person who waited for it. The account is looked at once more, since
// somebody may have disabled it while the password was tried.
//
// When the store cannot be written, the person is let in all the same.
func (a *Access) admit(ctx context.Context, acct account, t attempt) error {
	now, slot := a.now(), a.promisedSlot(ctx, acct, t.password)
	short := acct.person.WantsSlot && tooShort(acct.person, t.password)
	owed, _ := a.owed.all()
	signIn := audit.Leaf{At: now, What: audit.SignIn, Who: string(acct.person.ID), From: address(t.from)}
	err := a.store.Update(ctx, func(tx *store.Tx) error {
		p, err := unchanged(tx, acct)
		if err != nil {
			return err
		}
		if slot != nil && p.WantsSlot && p.SlotBy != "" {
			if p, err = a.keepSlot(tx, p, *slot, now); err != nil {
				return err
			}
		}
		p.LastSeen, p.ShortPassword = now, p.WantsSlot && short
		if err := people.Put(tx, string(p.ID), p); err != nil {
			return err
		}
		if err := remember(tx, origin(t.from), now); err != nil {
			return err
		}
		if err := pay(tx, owed); err != nil {
			return err
		}
		return leaf(tx, signIn)
	})
	switch {
	case err == nil:
		a.owed.paid(len(owed))
	case unwritable(err):
		a.owed.add(signIn)
		a.log.Error("a sign-in could not be recorded", "person", string(acct.person.ID), "from", address(t.from), "err", err)
		return nil
	}
	return err
}

// unchanged answers the person of an account whose password was tried, or
// ErrRefused when it is not theirs any more.
func unchanged(tx *store.Tx, acct account) (Person, error) {
	p, err := get(tx, acct.person.ID)
	if err != nil {
		return p, err
	}
	c, _, err := credentials.Get(tx, string(p.ID))
	if err == nil && (!p.Staff() || c != acct.credential) {
		err = ErrRefused
	}
	return p, err
}

// unwritable says that the store, not the change, was the reason.
func unwritable(err error) bool {
	for _, e := range []error{store.ErrFull, store.ErrReadOnly, store.ErrUnknown, store.ErrBroken} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
