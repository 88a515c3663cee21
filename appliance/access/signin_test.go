package access_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
)

func TestWhoeverIsNotLetInHearsTheSameWords(t *testing.T) {
	p := newPractice(t)
	p.add("rosa", access.CallTaker)
	gone := p.add("gone", access.CallTaker)
	p.must(p.door.Disable(t.Context(), audit.Owner, gone.ID))
	if _, err := p.door.AddPerson(t.Context(), audit.Owner, access.NewPerson{Name: "mercy", FullName: "Mercy Hospital", Contact: true}, nil); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct{ name, password string }{
		"a wrong password":          {"rosa", "not " + shortPhrase},
		"an empty password":         {"rosa", ""},
		"a password without end":    {"rosa", strings.Repeat("x", 1<<20)},
		"a name of nobody":          {"nobody", shortPhrase},
		"a name that cannot be one": {"Robert'); --", shortPhrase},
		"a disabled account":        {"gone", shortPhrase},
		"a contact outside":         {"mercy", ""},
	} {
		_, token, err := p.door.SignIn(t.Context(), c.name, c.password, desk)
		if !errors.Is(err, access.ErrRefused) || err.Error() != access.ErrRefused.Error() || token != "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, l := range p.leaves() {
		if l.What == audit.SignInRefused && l.Who != "unknown" && !strings.HasPrefix(l.Who, "p") {
			t.Errorf("the log holds what was typed as a name: %q", l.Who)
		}
	}
}

func TestANameIsTakenAsPeopleTypeIt(t *testing.T) {
	p := newPractice(t)
	p.add("rosa", access.CallTaker)
	s, token := p.signIn(" Rosa ", shortPhrase, desk)
	if s.Name != "rosa" || s.From != desk || len(token) < 43 || strings.Contains(token, s.ID) {
		t.Errorf("session %+v, token of %d characters", s, len(token))
	}
	if !s.May(access.TakeMessage) || s.May(access.ReadTeam) || s.Reader {
		t.Error("a call taker's session allows other things than a call taker does")
	}
	p.wantTrace("person-added", "sign-in")
}

func TestAGuesserIsStoppedAndTheOwnerIsNot(t *testing.T) {
	p := newPractice(t)
	p.add("rosa", access.CallTaker)
	var too *access.TooMany
	for i := range 6 {
		_, _, err := p.door.SignIn(t.Context(), "rosa", "guess", home)
		if i < 5 && !errors.Is(err, access.ErrRefused) {
			t.Fatalf("guess %d: %v", i+1, err)
		}
		if i == 5 && !errors.As(err, &too) {
			t.Fatalf("guess %d was tried: %v", i+1, err)
		}
	}
	if _, _, err := p.door.SignIn(t.Context(), "rosa", shortPhrase, home); !errors.As(err, &too) || too.After > time.Minute {
		t.Errorf("the right password from the guesser's address: %v", err)
	}
	p.signIn("rosa", shortPhrase, desk)
	p.clock.Advance(time.Minute)
	p.signIn("rosa", shortPhrase, home)
}

func TestAnAddressThatTriedManyNamesIsStopped(t *testing.T) {
	p := newPractice(t)
	p.add("rosa", access.CallTaker)
	p.door.UseUp(home)
	var too *access.TooMany
	if _, _, err := p.door.SignIn(t.Context(), "rosa", shortPhrase, home); !errors.As(err, &too) {
		t.Errorf("the address was let through: %v", err)
	}
	p.signIn("rosa", shortPhrase, desk)
}

// A client that closes its half of the connection ends the request's context and
// still reads the answer.
func TestWhoeverLeavesBeforeTheAnswerLeavesATrace(t *testing.T) {
	p := newPractice(t)
	if _, err := p.door.AddPerson(t.Context(), audit.Owner, access.NewPerson{Name: "rosa", Roles: []access.Role{access.FrontDesk}, Password: passphrase}, p.reader()); err != nil {
		t.Fatal(err)
	}
	p.must(p.vault.Lock(t.Context(), audit.Owner))
	before := len(p.trace())

	leaving, leave := context.WithCancel(t.Context())
	p.vault.OnChange(func(bool) { leave() }) // while the sign-in is under way
	if _, _, err := p.door.SignIn(leaving, "rosa", passphrase, desk); err != nil {
		t.Errorf("the right password: %v", err)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, _, err := p.door.SignIn(gone, "rosa", "a guess", home); !errors.Is(err, access.ErrRefused) {
		t.Errorf("a guess: %v", err)
	}
	if err := p.door.Require(gone, access.Session{Who: "x"}, access.SeeAudit); err == nil {
		t.Error("a session without roles sees the log")
	}
	if got, want := p.trace()[before:], []string{"unlocked", "sign-in", "sign-in-refused", "refused"}; !slices.Equal(got, want) {
		t.Errorf("the log says %v, want %v", got, want)
	}
}

func TestANameOfNobodyCostsTheSameKindOfWorkEachTime(t *testing.T) {
	p := newPractice(t)
	p.add("rosa", access.CallTaker)
	first, kinds := map[string]int{}, map[int]int{}
	for i := range 64 {
		name := fmt.Sprint("nobody", i)
		kind, err := p.door.Decoy(name)
		p.must(err)
		first[name] = kind
		kinds[kind]++
	}
	if len(kinds) != 2 || kinds[0] < 8 || kinds[1] < 8 {
		t.Errorf("of 64 names %v cost each kind of work", kinds)
	}
	p.signIn("rosa", shortPhrase, desk)
	p.door = access.New(access.Options{Store: p.store, Vault: p.vault, Clock: p.clock}) // a restart
	for name, kind := range first {
		if again, err := p.door.Decoy(name); err != nil || again != kind {
			t.Errorf("%s cost another kind of work the second time (%v)", name, err)
		}
	}
}

func TestRightPasswordsAreNotCounted(t *testing.T) {
	p := newPractice(t)
	p.add("rosa", access.CallTaker)
	for range 6 {
		p.signIn("rosa", shortPhrase, desk)
	}
}

func TestASessionEndsWithTheDayTheIdleHourOrItsPerson(t *testing.T) {
	p := newPractice(t)
	rosa := p.add("rosa", access.CallTaker)
	p.add("ana", access.Admin)
	var ended []string
	p.door.OnEnd(func(id string) { ended = append(ended, id) })

	s, idle := p.signIn("rosa", shortPhrase, desk)
	p.clock.Advance(59 * time.Minute)
	if _, ok := p.door.Peek(idle); !ok {
		t.Fatal("the session ended before its hour")
	}
	p.clock.Advance(time.Minute) // Peek did not count as somebody being there
	if _, ok := p.door.Session(idle); ok {
		t.Error("an idle session goes on")
	}
	if len(ended) != 1 || ended[0] != s.ID {
		t.Errorf("told of %v, want %v", ended, s.ID)
	}

	_, busy := p.signIn("rosa", shortPhrase, desk)
	for range 23 {
		p.clock.Advance(30 * time.Minute)
		if _, ok := p.door.Session(busy); !ok {
			t.Fatal("a session in use ended")
		}
	}
	p.clock.Advance(30 * time.Minute)
	if _, ok := p.door.Session(busy); ok {
		t.Error("a session goes on after twelve hours")
	}

	_, out := p.signIn("rosa", shortPhrase, desk)
	p.must(p.door.SignOut(t.Context(), out))
	if _, ok := p.door.Session(out); ok {
		t.Error("a session goes on after its person signed out")
	}

	_, reset := p.signIn("rosa", shortPhrase, desk)
	_, err := p.door.ResetPassword(t.Context(), audit.Owner, rosa.ID, "another7kite#", nil)
	p.must(err)
	if _, ok := p.door.Session(reset); ok {
		t.Error("a session goes on after its password was reset")
	}

	_, last := p.signIn("rosa", "another7kite#", desk)
	p.must(p.door.Disable(t.Context(), audit.Owner, rosa.ID))
	if _, ok := p.door.Session(last); ok {
		t.Error("a session goes on after its person was disabled")
	}
	if len(ended) != 5 {
		t.Errorf("told of %d sessions that ended, want 5", len(ended))
	}
	for _, bad := range []string{"", "x", s.ID, strings.Repeat("A", 43)} {
		if _, ok := p.door.Session(bad); ok {
			t.Errorf("a token of %d characters opened a session", len(bad))
		}
	}
}

func TestASessionHasTheRolesOfNow(t *testing.T) {
	p := newPractice(t)
	rosa := p.add("rosa", access.CallTaker)
	_, token := p.signIn("rosa", shortPhrase, desk)
	_, err := p.door.SetPerson(t.Context(), audit.Owner, rosa.ID, access.Change{Roles: []access.Role{access.PrivacyOfficer}}, nil)
	p.must(err)
	s, ok := p.door.Session(token)
	if !ok || s.May(access.TakeMessage) || !s.May(access.SeeAudit) {
		t.Errorf("after the change: %v, %v", ok, s.Roles)
	}
}

func TestARefusedPermissionIsCountedInTheLog(t *testing.T) {
	p := newPractice(t)
	p.add("rosa", access.CallTaker)
	s, _ := p.signIn("rosa", shortPhrase, desk)
	for range 5 {
		var denied *access.Denied
		if err := p.door.Require(t.Context(), s, access.ReadTeam, "message-1"); !errors.As(err, &denied) || denied.Asleep {
			t.Fatalf("a call taker was allowed to read all: %v", err)
		}
	}
	p.must(p.door.Require(t.Context(), s, access.TakeMessage))
	p.wantTrace("person-added", "sign-in", "refused")
}
