package appliance_test

import (
	"errors"
	"strings"
	"testing"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/oncall"
)

func TestACalendarAddressShowsShiftsUntilItsOwnerLeaves(t *testing.T) {
	p := appliancetest.Start(t)
	id := p.AddPerson(okafor, "", access.Provider)
	importShifts(t, p, table(p, "okafor 1 8 20", "stranger 2 8 20"))
	mine, err := p.NewFeed(t.Context(), string(id), id, false)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := p.NewFeed(t.Context(), string(id), id, true)
	if err != nil {
		t.Fatal(err)
	}
	file, err := p.Feed(t.Context(), mine)
	if err != nil || strings.Count(string(file), "BEGIN:VEVENT") != 1 || !strings.Contains(string(file), "SUMMARY:On call: Primary") {
		t.Errorf("%v\n%s", err, file)
	}
	file, err = p.Feed(t.Context(), whole)
	if err != nil || !strings.Contains(string(file), "SUMMARY:okafor (Primary)") || !strings.Contains(string(file), "NOBODY ON CALL") || strings.Contains(string(file), "stranger") {
		t.Errorf("%v\n%s", err, file)
	}
	if same, err := p.Calendar(""); err != nil || string(same) != string(file) {
		t.Errorf("what is downloaded is another calendar: %v", err)
	}
	if list, err := p.Feeds(id); err != nil || len(list) != 2 {
		t.Errorf("%d addresses, %v", len(list), err)
	}
	if _, err := p.DisablePerson(t.Context(), "owner", "okafor"); err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{mine, whole, "nothing"} {
		if _, err := p.Feed(t.Context(), token); !errors.Is(err, oncall.ErrNoFeed) {
			t.Errorf("after they left: %v", err)
		}
	}
}
