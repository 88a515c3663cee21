package access_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nightbell/appliance/access"
)

// table is DESIGN.md's, written out once more: whoever changes a right changes
// it twice and is asked why.
const table = `
                 call-taker  front-desk  provider  privacy-officer  admin
see-desk         yes         yes         yes       yes              yes
take-message     yes         yes         yes       -                -
read-own         yes         yes         yes       -                -
read-team        -           yes         yes       -                -
read-clinical    -           -           yes       -                -
read-for-reason  -           -           -         yes              -
work-message     -           yes         yes       -                -
grant-reading    -           yes         yes       -                -
lock-appliance   -           yes         yes       yes              yes
see-schedule     yes         yes         yes       yes              yes
swap-own-shift   -           -           yes       -                -
edit-schedule    -           -           -         -                yes
manage-people    -           -           -         -                yes
manage-devices   -           -           -         -                yes
manage-backups   -           -           -         -                yes
manage-settings  -           -           -         -                yes
see-audit        -           -           -         yes              yes
work-compliance  -           -           -         yes              -
`

func TestEachRoleAllowsWhatTheTableSaysAndNoMore(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(table), "\n")
	roles := strings.Fields(lines[0])
	if len(roles) != len(access.Roles()) {
		t.Fatalf("the table has %d roles, the code %d", len(roles), len(access.Roles()))
	}
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		p := access.Permission(cells[0])
		for i, role := range roles {
			want := cells[i+1] == "yes"
			if got := access.Allowed([]access.Role{access.Role(role)}, p); got != want {
				t.Errorf("%s, %s: %v, the table says %v", role, p, got, want)
			}
		}
	}
}

func TestWhoReadsHoldsAKeySlot(t *testing.T) {
	for role, want := range map[access.Role]bool{
		access.CallTaker: false, access.FrontDesk: true, access.Provider: true, access.PrivacyOfficer: false, access.Admin: false,
	} {
		if got := access.Reads([]access.Role{role}); got != want {
			t.Errorf("a %s gets a key slot: %v, want %v", role, got, want)
		}
	}
}

func TestSeveralRolesAllowWhatEachOfThemAllows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roles := rapid.SliceOfDistinct(rapid.SampledFrom(access.Roles()), rapid.ID[access.Role]).Draw(t, "roles")
		p := rapid.SampledFrom([]access.Permission{access.ReadTeam, access.ManagePeople, access.TakeMessage, access.SeeAudit, "fly"}).Draw(t, "permission")
		want := slices.ContainsFunc(roles, func(r access.Role) bool { return access.Allowed([]access.Role{r}, p) })
		if got := access.Allowed(roles, p); got != want {
			t.Fatalf("%v, %s: %v, want %v", roles, p, got, want)
		}
	})
}

func TestASleepingOrWaitingSessionTakesCallsAndReadsNothing(t *testing.T) {
	desk := []access.Role{access.FrontDesk, access.Admin}
	for name, c := range map[string]struct {
		s        access.Session
		may, not []access.Permission
	}{
		"awake":   {access.Session{Roles: desk, Reader: true}, []access.Permission{access.ReadTeam, access.ReadOwn, access.GrantReading, access.WorkMessage, access.ManagePeople}, nil},
		"asleep":  {access.Session{Roles: desk, Reader: true, Asleep: true}, []access.Permission{access.TakeMessage, access.WorkMessage, access.ManagePeople}, []access.Permission{access.ReadTeam, access.ReadOwn, access.GrantReading}},
		"waiting": {access.Session{Roles: desk, WantsSlot: true}, []access.Permission{access.TakeMessage, access.ReadOwn, access.WorkMessage, access.ManagePeople}, []access.Permission{access.ReadTeam, access.GrantReading}},
		"owner":   {access.Owner(), []access.Permission{access.ManagePeople, access.ManageSettings}, []access.Permission{access.ReadTeam, access.ReadOwn, access.GrantReading, access.TakeMessage}},
	} {
		for _, p := range c.may {
			if !c.s.May(p) {
				t.Errorf("%s: may not %s", name, p)
			}
		}
		for _, p := range c.not {
			if c.s.May(p) {
				t.Errorf("%s: may %s", name, p)
			}
		}
	}
}

func TestRolesAreReadInOneOrderAndOnce(t *testing.T) {
	got, err := access.ParseRoles([]string{"admin", "front-desk", "admin"})
	if err != nil || !slices.Equal(got, []access.Role{access.FrontDesk, access.Admin}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range [][]string{nil, {"nurse"}, {"admin", ""}} {
		if _, err := access.ParseRoles(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
