package oncall_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
)

var night = time.Date(2026, 11, 24, 10, 7, 0, 0, time.UTC)

func TestWhoTakesUrgentCalls(t *testing.T) {
	order := []message.PersonID{"okafor", "lindqvist", "hale"}
	now := func(p message.PersonID, until time.Time) *oncall.Switch {
		return &oncall.Switch{Person: p, Since: night.Add(-time.Hour), Until: until}
	}
	doubt := &oncall.Doubt{Kind: oncall.ClockJumped, By: time.Hour, At: night}
	for _, c := range []struct {
		name      string
		schedule  oncall.Plan
		want      []message.PersonID
		everybody bool
		why       oncall.Why
	}{
		{"nobody on the list", oncall.Plan{}, nil, false, oncall.WhyNobody},
		{"the list as it stands", oncall.Plan{List: order}, order, false, oncall.WhyList},
		{"on call now goes first", oncall.Plan{List: order, Now: now("hale", time.Time{})}, []message.PersonID{"hale", "okafor", "lindqvist"}, false, oncall.WhySwitch},
		{"on call now need not be on the list", oncall.Plan{List: order, Now: now("ames", time.Time{})}, []message.PersonID{"ames", "okafor", "lindqvist", "hale"}, false, oncall.WhySwitch},
		{"on call now without a list", oncall.Plan{Now: now("ames", time.Time{})}, []message.PersonID{"ames"}, false, oncall.WhySwitch},
		{"a second before it ends", oncall.Plan{List: order, Now: now("hale", night.Add(time.Second))}, []message.PersonID{"hale", "okafor", "lindqvist"}, false, oncall.WhySwitch},
		{"the moment it ends", oncall.Plan{List: order, Now: now("hale", night)}, order, false, oncall.WhyList},
		{"a clock that is not believed", oncall.Plan{List: order, Doubt: doubt}, order, true, oncall.WhyClock},
		{"an end that the clock cannot tell", oncall.Plan{List: order, Now: now("ames", night.Add(-time.Minute)), Doubt: doubt}, []message.PersonID{"okafor", "lindqvist", "hale", "ames"}, true, oncall.WhyClock},
		{"not believed and nobody", oncall.Plan{Doubt: doubt}, nil, true, oncall.WhyClock},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := oncall.Resolve(c.schedule, night)
			if !slices.Equal(got.People(), c.want) || got.Everybody != c.everybody || got.Why != c.why {
				t.Errorf("got %v, everybody %v, %q", got.People(), got.Everybody, got.Why)
			}
			if got.Why.Text() == string(got.Why) {
				t.Errorf("%q has no words", got.Why)
			}
		})
	}
}

func TestEveryoneOnTheListIsOnCallOnce(t *testing.T) {
	person := rapid.SampledFrom([]message.PersonID{"a", "b", "c", "d", "e", "f"})
	rapid.Check(t, func(t *rapid.T) {
		s := oncall.Plan{List: rapid.SliceOfDistinct(person, rapid.ID).Draw(t, "order")}
		if rapid.Bool().Draw(t, "switched") {
			s.Now = &oncall.Switch{Person: person.Draw(t, "now")}
			if rapid.Bool().Draw(t, "ends") {
				s.Now.Until = night.Add(time.Duration(rapid.IntRange(-60, 60).Draw(t, "until")) * time.Second)
			}
		}
		if rapid.Bool().Draw(t, "doubted") {
			s.Doubt = &oncall.Doubt{Kind: oncall.ClockBehind}
		}
		got := oncall.Resolve(s, night)
		people := got.People()
		for i, p := range people {
			if slices.Contains(people[:i], p) {
				t.Fatalf("%s is rung twice: %v", p, people)
			}
		}
		for _, p := range s.List {
			if !slices.Contains(people, p) {
				t.Fatalf("%s is on the list %v and not on call: %v", p, s.List, people)
			}
		}
		if s.Doubt == nil && s.Now != nil && (s.Now.Until.IsZero() || s.Now.Until.After(night)) && people[0] != s.Now.Person {
			t.Fatalf("%s is on call now, and %s goes first", s.Now.Person, people[0])
		}
		if got.Everybody != (s.Doubt != nil) {
			t.Fatal("everybody is on call when the clock is not believed, and then only")
		}
	})
}

func TestDoubtInWords(t *testing.T) {
	for want, d := range map[string]oncall.Doubt{
		"at start the server's clock was 3 hours behind the last thing it wrote down": {Kind: oncall.ClockBehind, By: -3*time.Hour - 20*time.Minute},
		"the server's clock jumped back by 1 day":                                     {Kind: oncall.ClockJumped, By: -25 * time.Hour},
		"the server's clock jumped forward by 11 years":                               {Kind: oncall.ClockJumped, By: 11 * 366 * 24 * time.Hour},
		"the server's clock jumped forward by 4 minutes":                              {Kind: oncall.ClockJumped, By: 4 * time.Minute},
	} {
		if got := d.Text(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
