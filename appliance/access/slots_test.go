package access_test

import (
	"errors"
	"testing"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/store"
)

// One practice from its first day on: each derivation of a slot costs 0.6 s and
// 256 MiB, so the steps share them.
func TestTheWayToAKeySlot(t *testing.T) {
	p := newPractice(t)
	ctx := t.Context()

	// The first account is admin and front desk, and reads.
	p.must(p.door.AddFirst(ctx, access.NewPerson{Name: "ana", FullName: "Ana Ruiz", Password: passphrase}, nil, p.reader()))
	if err := p.door.AddFirst(ctx, access.NewPerson{Name: "eve", Password: newPhrase}, nil, p.reader()); err == nil {
		t.Fatal("a practice got a second first account")
	}
	ana := p.person("ana")
	if !ana.Reads() || ana.WantsSlot || !access.Allowed(ana.Roles, access.ManagePeople) || !access.Allowed(ana.Roles, access.ReadTeam) {
		t.Fatalf("the first account is %+v", ana)
	}

	// Locked, she signs in, and that opens the appliance.
	p.must(p.vault.Lock(ctx, audit.Owner))
	s, token := p.signIn("ana", passphrase, desk)
	if p.vault.Locked() || !s.Reader || !s.May(access.ReadTeam) {
		t.Fatal("the sign-in of a reader did not open the appliance")
	}

	// A role that reads, given while nobody who reads says yes, waits.
	rosa := p.add("rosa", access.FrontDesk)
	if rosa.Reads() || !rosa.WantsSlot {
		t.Fatalf("without a reader's word she is %+v", rosa)
	}
	r, _ := p.signIn("rosa", passphrase, desk)
	if r.Reader || r.May(access.ReadTeam) || r.May(access.GrantReading) || !r.May(access.TakeMessage) {
		t.Error("who waits for a slot reads, or takes no messages")
	}
	if p.door.ReaderFor(r) != nil {
		t.Error("who waits for a slot can say yes to it")
	}
	p.wantFindings("access.slot")

	// Somebody who reads says yes; the slot is made at her next sign-in.
	var denied *access.Denied
	if err := p.door.GrantSlot(ctx, string(r.Who), rosa.ID, p.door.ReaderFor(r)); !errors.As(err, &denied) {
		t.Fatalf("a yes of nobody: %v", err)
	}
	p.must(p.door.GrantSlot(ctx, string(s.Who), rosa.ID, p.door.ReaderFor(s)))
	r, rosaToken := p.signIn("rosa", passphrase, desk)
	if rosa = p.person("rosa"); !r.Reader || !r.May(access.ReadTeam) || !rosa.Reads() || rosa.SlotBy != string(ana.ID) {
		t.Fatalf("after the yes and a sign-in: %+v, %+v", r, rosa)
	}
	p.wantFindings()
	p.must(p.store.View(func(tx *store.Tx) error {
		told, err := p.door.NewReaders(tx, morning)
		if len(told) != 2 {
			t.Errorf("%d new readers to tell of, want ana and rosa", len(told))
		}
		return err
	}))

	// A lock sends readers' sessions to sleep until they give the password.
	p.must(p.vault.Lock(ctx, string(s.Who)))
	if s, _ = p.door.Session(token); !s.Asleep || s.May(access.ReadTeam) || !s.May(access.TakeMessage) {
		t.Errorf("after the lock: %+v", s)
	}
	if err := p.door.Require(ctx, s, access.ReadTeam); !errors.As(err, &denied) || !denied.Asleep {
		t.Errorf("a sleeping session hears %v", err)
	}
	p.must(p.door.Unlock(ctx, s, passphrase, desk))
	if s, _ = p.door.Session(token); p.vault.Locked() || s.Asleep || !s.May(access.ReadTeam) {
		t.Errorf("after the password: %+v", s)
	}
	if r, _ = p.door.Session(rosaToken); !r.Asleep {
		t.Error("somebody else's password woke her session")
	}

	// A new password takes the place of the old one and ends her other sessions.
	r, other := p.signIn("rosa", passphrase, home)
	r, _ = p.door.Session(other)
	p.must(p.door.ChangePassword(ctx, r, passphrase, newPhrase))
	if _, ok := p.door.Session(rosaToken); ok {
		t.Error("a session of the old password goes on")
	}
	if r, ok := p.door.Session(other); !ok || !r.May(access.ReadTeam) {
		t.Error("the session that changed the password ended")
	}
	if _, _, err := p.door.SignIn(ctx, "rosa", passphrase, desk); !errors.Is(err, access.ErrRefused) {
		t.Errorf("the old password: %v", err)
	}

	// Who is to read no more gets a new password; the slot goes at once.
	var bad *access.Invalid
	if _, err := p.door.SetPerson(ctx, string(ana.ID), rosa.ID, access.Change{Roles: []access.Role{access.CallTaker}}, nil); !errors.As(err, &bad) || bad.Field != "password" {
		t.Fatalf("a reader was demoted and keeps the password that opens: %v", err)
	}
	rosa, err := p.door.SetPerson(ctx, string(ana.ID), rosa.ID, access.Change{Roles: []access.Role{access.CallTaker}, Password: shortPhrase}, nil)
	p.must(err)
	if rosa.Reads() || p.holdsSlot(rosa) {
		t.Error("she holds a slot still")
	}
	if r, _ = p.signIn("rosa", shortPhrase, desk); r.May(access.ReadTeam) {
		t.Error("she reads still")
	}

	// The last reader and the last admin stay.
	var needed *access.Needed
	if err := p.door.Disable(ctx, audit.Owner, ana.ID); !errors.As(err, &needed) {
		t.Errorf("the last admin and reader was disabled: %v", err)
	}
	if _, err := p.door.SetPerson(ctx, audit.Owner, ana.ID, access.Change{Roles: []access.Role{access.Admin}, Password: shortPhrase}, nil); !errors.As(err, &needed) {
		t.Errorf("the last reader was demoted: %v", err)
	}
	if _, err := p.door.ResetPassword(ctx, audit.Owner, ana.ID, newPhrase, nil); !errors.As(err, &needed) {
		t.Errorf("the last reader's slot was reset away: %v", err)
	}
	if !p.holdsSlot(ana) {
		t.Error("a refused change took the slot")
	}

	for i, l := range p.leaves() {
		if l.N != int64(i) {
			t.Fatalf("leaf %d has the number %d", i, l.N)
		}
	}
}

func TestAShortPasswordWaitsForALongerOneBeforeItOpens(t *testing.T) {
	p := newPractice(t)
	p.add("ana", access.Admin)
	rosa := p.add("rosa", access.CallTaker)
	rosa, err := p.door.SetPerson(t.Context(), audit.Owner, rosa.ID, access.Change{Roles: []access.Role{access.Provider}}, p.reader())
	p.must(err)
	if !rosa.WantsSlot || rosa.SlotBy != audit.Owner {
		t.Fatalf("she was given a role that reads, with a reader's word: %+v", rosa)
	}
	s, token := p.signIn("rosa", shortPhrase, desk)
	if s.Reader || !p.person("rosa").ShortPassword {
		t.Error("a password of twelve characters opens the messages")
	}
	p.wantFindings("access.slot")
	p.must(p.door.ChangePassword(t.Context(), s, shortPhrase, passphrase))
	if _, ok := p.door.Session(token); !ok {
		t.Error("the session that changed the password ended")
	}
	if s, _ = p.signIn("rosa", passphrase, desk); !s.Reader || !s.May(access.ReadClinical) {
		t.Errorf("after the longer password: %+v", s)
	}
	p.wantFindings()
}

func TestWhileLockedAPromisedSlotWaitsAndTheAccountWorks(t *testing.T) {
	p := newPractice(t)
	p.add("ana", access.Admin)
	rosa := p.add("rosa", access.FrontDesk)
	p.must(p.door.GrantSlot(t.Context(), audit.Owner, rosa.ID, p.reader()))
	p.must(p.vault.Lock(t.Context(), audit.Owner))
	if s, _ := p.signIn("rosa", passphrase, desk); s.Reader || !s.May(access.TakeMessage) || !p.vault.Locked() {
		t.Errorf("while locked: %+v", s)
	}
}

func TestAResetByAnAdminAloneTakesTheYesBack(t *testing.T) {
	p := newPractice(t)
	p.add("ana", access.Admin)
	rosa := p.add("rosa", access.FrontDesk)
	p.must(p.door.GrantSlot(t.Context(), audit.Owner, rosa.ID, p.reader()))
	if _, err := p.door.ResetPassword(t.Context(), string(p.person("ana").ID), rosa.ID, newPhrase, nil); err != nil {
		t.Fatal(err)
	}
	if s, _ := p.signIn("rosa", newPhrase, desk); s.Reader || p.person("rosa").SlotBy != "" {
		t.Error("an admin read messages by resetting a reader's password")
	}
}

func (p *practice) holdsSlot(who access.Person) (holds bool) {
	p.Helper()
	p.must(p.store.View(func(tx *store.Tx) error {
		holds = p.vault.HasSlot(tx, who.ID)
		return nil
	}))
	return holds
}
