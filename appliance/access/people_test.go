package access_test

import (
	"errors"
	"strings"
	"testing"

	"filippo.io/age"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/store"
)

func TestWhatAPersonIsMadeOfIsChecked(t *testing.T) {
	p := newPractice(t)
	hybrid, err := age.GenerateHybridIdentity()
	p.must(err)
	classic, err := age.GenerateX25519Identity()
	p.must(err)
	staff := []access.Role{access.CallTaker}
	for what, c := range map[string]struct {
		n     access.NewPerson
		field string // "" when it is to be accepted
	}{
		"plain":                          {access.NewPerson{Name: "rosa", Roles: staff, Password: shortPhrase}, ""},
		"all there is":                   {access.NewPerson{Name: "dr.lee-2", FullName: "Dr. Lee Ünsal", Roles: staff, Mail: "lee@example.org", AgeRecipient: hybrid.Recipient().String(), Password: shortPhrase}, ""},
		"a name of one letter":           {access.NewPerson{Name: "r", Roles: staff, Password: shortPhrase}, "name"},
		"a name with a blank":            {access.NewPerson{Name: "rosa p", Roles: staff, Password: shortPhrase}, "name"},
		"a name like a path":             {access.NewPerson{Name: "../rosa", Roles: staff, Password: shortPhrase}, "name"},
		"a full name with a line end":    {access.NewPerson{Name: "rosa2", FullName: "R\nX", Roles: staff, Password: shortPhrase}, "full name"},
		"no role":                        {access.NewPerson{Name: "rosa3", Password: shortPhrase}, "roles"},
		"a contact with a role":          {access.NewPerson{FullName: "Mercy", Roles: staff, Contact: true}, "roles"},
		"a mail with a name before it":   {access.NewPerson{Name: "rosa4", Roles: staff, Mail: "Rosa <r@example.org>", Password: shortPhrase}, "mail"},
		"a mail that is none":            {access.NewPerson{Name: "rosa5", Roles: staff, Mail: "rosa", Password: shortPhrase}, "mail"},
		"a mail with a command in it":    {access.NewPerson{Name: "rosa6", Roles: staff, Mail: "r@example.org\r\nRCPT TO:<x@y.z>", Password: shortPhrase}, "mail"},
		"staff with a classic recipient": {access.NewPerson{Name: "rosa7", Roles: staff, AgeRecipient: classic.Recipient().String(), Password: shortPhrase}, "age recipient"},
		"a secret for a recipient":       {access.NewPerson{Name: "rosa8", Roles: staff, AgeRecipient: hybrid.String(), Password: shortPhrase}, "age recipient"},
		"a password of eleven letters":   {access.NewPerson{Name: "rosa9", Roles: staff, Password: "pebble7kite"}, "password"},
		"a password for all":             {access.NewPerson{Name: "rosa10", Roles: staff, Password: "password1234"}, "password"},
		"a password without end":         {access.NewPerson{Name: "rosa11", Roles: staff, Password: strings.Repeat("ab c9", 1000)}, "password"},
		"twelve letters that would read": {access.NewPerson{Name: "rosa12", Roles: []access.Role{access.Provider}, Password: shortPhrase}, "password"},
		"a contact":                      {access.NewPerson{FullName: "Mercy Hospital", Mail: "records@mercy.example", Contact: true}, ""},
		"a contact, classic":             {access.NewPerson{Name: "lab", AgeRecipient: classic.Recipient().String(), Contact: true}, ""},
		"a contact, hybrid":              {access.NewPerson{Name: "lab2", AgeRecipient: hybrid.Recipient().String(), Contact: true}, ""},
	} {
		_, err := p.door.AddPerson(t.Context(), audit.Owner, c.n, nil)
		var bad *access.Invalid
		switch {
		case c.field == "" && err != nil:
			t.Errorf("%s: %v", what, err)
		case c.field != "" && (!errors.As(err, &bad) || bad.Field != c.field):
			t.Errorf("%s: %v, want a word about the %s", what, err, c.field)
		}
		if c.n.AgeRecipient != "" && err != nil && strings.Contains(err.Error(), hybrid.String()) {
			t.Errorf("%s: the error quotes a secret", what)
		}
	}
}

func TestANameIsTakenOnceAndFreeAgainAfterARenaming(t *testing.T) {
	p := newPractice(t)
	rosa := p.add("rosa", access.CallTaker)
	_, err := p.door.AddPerson(t.Context(), audit.Owner, access.NewPerson{Name: "ROSA", Roles: []access.Role{access.Admin}, Password: shortPhrase}, nil)
	var bad *access.Invalid
	if !errors.As(err, &bad) || bad.Field != "name" {
		t.Fatalf("two people sign in as rosa: %v", err)
	}
	name := "rosa.p"
	if _, err := p.door.SetPerson(t.Context(), audit.Owner, rosa.ID, access.Change{Name: &name}, nil); err != nil {
		t.Fatal(err)
	}
	p.add("rosa", access.CallTaker)
	if p.person("rosa").ID == rosa.ID || p.person("rosa.p").ID != rosa.ID {
		t.Error("the names lead to the wrong people")
	}
	if _, err := p.door.SetPerson(t.Context(), audit.Owner, rosa.ID, access.Change{Password: "another7kite#"}, nil); !errors.As(err, &bad) || bad.Field != "password" {
		t.Errorf("a password that nobody asked for was dropped without a word: %v", err)
	}
	p.wantTrace("person-added", "person-changed", "person-added")
}

func TestTheLastAdminStaysAdmin(t *testing.T) {
	p := newPractice(t)
	ana := p.add("ana", access.Admin)
	var needed *access.Needed
	if err := p.door.Disable(t.Context(), audit.Owner, ana.ID); !errors.As(err, &needed) {
		t.Errorf("the last admin was disabled: %v", err)
	}
	if _, err := p.door.SetPerson(t.Context(), audit.Owner, ana.ID, access.Change{Roles: []access.Role{access.CallTaker}}, nil); !errors.As(err, &needed) {
		t.Errorf("the last admin was demoted: %v", err)
	}
	if a := p.person("ana"); a.Disabled || !access.Allowed(a.Roles, access.ManagePeople) {
		t.Error("a refused change was kept")
	}
	second := p.add("eve", access.Admin)
	p.must(p.door.Disable(t.Context(), string(second.ID), ana.ID))
	if err := p.door.Disable(t.Context(), string(second.ID), second.ID); !errors.As(err, &needed) {
		t.Errorf("a disabled admin counts as one: %v", err)
	}
}

func TestADisabledPersonComesBackByAReset(t *testing.T) {
	p := newPractice(t)
	p.add("ana", access.Admin)
	rosa := p.add("rosa", access.CallTaker)
	p.must(p.door.Disable(t.Context(), audit.Owner, rosa.ID))
	if _, err := p.door.ResetPassword(t.Context(), audit.Owner, rosa.ID, "another7kite#", nil); err != nil {
		t.Fatal(err)
	}
	p.signIn("rosa", "another7kite#", desk)
	if _, err := p.door.ResetPassword(t.Context(), audit.Owner, "p-nobody", "another7kite#", nil); !errors.Is(err, access.ErrUnknownPerson) {
		t.Errorf("a reset of nobody: %v", err)
	}
}

func TestPeopleAreListedAsAPageShowsThem(t *testing.T) {
	p := newPractice(t)
	p.add("zoe", access.CallTaker)
	gone := p.add("ben", access.CallTaker)
	p.add("ana", access.Admin)
	p.must(p.door.Disable(t.Context(), audit.Owner, gone.ID))
	_, err := p.door.AddPerson(t.Context(), audit.Owner, access.NewPerson{FullName: "Mercy Hospital", Contact: true}, nil)
	p.must(err)
	var got []string
	p.must(p.store.View(func(tx *store.Tx) error {
		all, err := p.door.People(tx)
		for _, who := range all {
			got = append(got, who.Call())
		}
		return err
	}))
	if want := "ana zoe Mercy Hospital ben"; strings.Join(got, " ") != want {
		t.Errorf("listed %v, want %s", got, want)
	}
}

func TestASignInThatCouldNotBeRecordedIsRecordedWithTheNext(t *testing.T) {
	p := newPractice(t)
	p.add("rosa", access.CallTaker)
	p.door.Owe(audit.Leaf{At: morning, What: audit.SignIn, Who: "pearlier"})
	p.wantFindings("access.unrecorded")
	p.signIn("rosa", shortPhrase, desk)
	p.wantFindings()
	p.signIn("rosa", shortPhrase, desk)
	p.wantTrace("person-added", "sign-in", "sign-in", "sign-in")
}
