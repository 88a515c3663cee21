package protocol_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

var weekdays = []protocol.Weekday{"mon", "tue", "wed", "thu", "fri"}

func hours(from, to protocol.Clock, days ...protocol.Weekday) protocol.Hours {
	return protocol.Hours{Days: days, From: from, To: to}
}

// office is open on weekdays with a lunch, half of Saturday, and has a season
// and holidays over it.
func office() protocol.Protocol {
	p := protocol.BuiltIn()
	p.Coverage = []protocol.Window{
		{ID: "open", Name: "Open", Answers: "front desk", Weekly: []protocol.Hours{hours("08:00", "12:00", append(slices.Clone(weekdays), "sat")...), hours("13:00", "17:00", weekdays...)}},
		{ID: "lunch", Name: "Lunch", Answers: "front desk", Weekly: []protocol.Hours{hours("12:00", "13:00", weekdays...)}},
		{ID: "after", Name: "After hours", Answers: "front desk", Weekly: []protocol.Hours{hours("17:00", "08:00", weekdays[:4]...), hours("17:00", "24:00", "fri"), hours("00:00", "08:00", "sat"), hours("12:00", "24:00", "sat"), hours("00:00", "08:00", "sun"), hours("08:00", "08:00", "sun")}},
		{ID: "holiday", Name: "Holiday", Answers: "front desk", Holidays: true},
		{ID: "flu", Name: "Flu season", Answers: "front desk", From: "2026-11-01", To: "2026-12-31", Weekly: []protocol.Hours{hours("17:00", "20:00", weekdays...)}},
	}
	p.Routes = []protocol.Route{
		{ID: "billing", When: protocol.Match{Types: []message.CallType{message.TypeBilling}}, To: protocol.Target{Team: "billing"}, Due: protocol.Duration(48 * time.Hour)},
		{ID: "night", When: protocol.Match{Windows: []string{"after", "holiday"}, Urgencies: []message.Urgency{message.SameDay}}, To: protocol.Target{OnCall: true}},
		{ID: "okafor", When: protocol.Match{Providers: []string{"Dr. Amara Okafor"}}, To: protocol.Target{Person: "p-okafor"}},
		{ID: "lunch", When: protocol.Match{Windows: []string{"lunch"}}, To: protocol.Target{Team: "overflow"}, Due: protocol.Duration(4 * time.Hour)},
		{ID: "fax", When: protocol.Match{Channels: []message.Channel{message.ChannelMail}}, To: protocol.Target{Team: "records"}},
		{ID: "rest", To: protocol.Target{Team: message.Everybody}},
	}
	return p
}

func calendar(t interface{ Fatal(...any) }, zone string) protocol.Calendar {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return protocol.Calendar{Zone: loc, Holiday: func(d protocol.Day) bool { return d == "2026-11-26" || d == "2026-12-25" }}
}

func TestTheWindowOfAMomentIsTheOneOnTheWall(t *testing.T) {
	cal := calendar(t, "America/New_York")
	for at, want := range map[string]string{
		"2026-10-13 12:30": "lunch",   // Tuesday
		"2026-10-13 11:59": "open",    // the minute before it
		"2026-10-13 13:00": "open",    // the minute after it
		"2026-10-14 03:00": "after",   // the night that began on Tuesday
		"2026-10-17 11:00": "open",    // Saturday morning
		"2026-10-17 22:00": "after",   // Saturday night
		"2026-10-18 10:00": "after",   // Sunday
		"2026-10-19 07:59": "after",   // Monday morning, hours of Sunday
		"2026-11-26 12:30": "holiday", // Thanksgiving: over lunch
		"2026-11-26 00:00": "holiday", // from its first minute
		"2026-11-27 00:00": "after",   // to its last
		"2026-11-24 18:00": "flu",     // a season's evening
		"2026-11-24 20:00": "after",   // after it
		"2027-01-05 18:00": "after",   // when it is over
		"2026-11-01 01:30": "after",   // the hour that comes twice
		"2027-03-14 03:30": "after",   // after the hour that does not exist
	} {
		local, err := time.ParseInLocation("2006-01-02 15:04", at, cal.Zone)
		if err != nil {
			t.Fatal(err)
		}
		if w, ok := office().WindowAt(cal, local); !ok || w.ID != want {
			t.Errorf("at %s it is %q, not %q", at, w.ID, want)
		}
	}
}

func TestARouteIsTheFirstThatMatches(t *testing.T) {
	cal := calendar(t, "America/New_York")
	noon := time.Date(2026, 10, 13, 12, 30, 0, 0, cal.Zone)
	saturday := time.Date(2026, 10, 17, 22, 0, 0, 0, cal.Zone)
	morning := time.Date(2026, 10, 13, 9, 0, 0, 0, cal.Zone)
	for name, one := range map[string]struct {
		call  protocol.Call
		route string
		to    protocol.Target
		due   time.Duration
	}{
		"billing at lunch":              {protocol.Call{Type: message.TypeBilling, At: noon}, "billing", protocol.Target{Team: "billing"}, 48 * time.Hour},
		"a refill at lunch":             {protocol.Call{Type: message.TypeRefill, At: noon}, "lunch", protocol.Target{Team: "overflow"}, 4 * time.Hour},
		"same day on a night":           {protocol.Call{Type: message.TypeRefill, Urgency: message.SameDay, At: saturday}, "night", protocol.Target{Team: message.Everybody, OnCall: true}, 4 * time.Hour},
		"routine on a night":            {protocol.Call{Type: message.TypeRefill, At: saturday}, "rest", protocol.Target{Team: message.Everybody}, 24 * time.Hour},
		"a doctor by family name":       {protocol.Call{Type: message.TypeRefill, Provider: "OKAFOR", At: morning}, "okafor", protocol.Target{Team: message.Everybody, Person: "p-okafor"}, 24 * time.Hour},
		"a doctor by another name":      {protocol.Call{Type: message.TypeRefill, Provider: "Dr. Okaforson", At: morning}, "rest", protocol.Target{Team: message.Everybody}, 24 * time.Hour},
		"a title alone":                 {protocol.Call{Type: message.TypeRefill, Provider: "Dr.", At: morning}, "rest", protocol.Target{Team: message.Everybody}, 24 * time.Hour},
		"a fax":                         {protocol.Call{Type: message.TypeOther, Channel: message.ChannelMail, At: morning}, "fax", protocol.Target{Team: "records"}, 24 * time.Hour},
		"an urgent call is never slow":  {protocol.Call{Type: message.TypeBilling, Urgency: message.Urgent, At: noon}, "billing", protocol.Target{Team: "billing"}, 30 * time.Minute},
		"a type that is no longer made": {protocol.Call{Type: "gone", At: morning}, "rest", protocol.Target{Team: message.Everybody}, 0},
	} {
		got := office().Route(cal, one.call)
		if got.Route != one.route || got.Team != cmpTeam(one.to.Team) || got.Person != one.to.Person || got.OnCall != one.to.OnCall {
			t.Errorf("%s goes by %s to %s %s, on call %v", name, got.Route, got.Team, got.Person, got.OnCall)
		}
		if want := one.call.At.Add(one.due); !got.Due.Equal(want) {
			t.Errorf("%s is due %v after", name, got.Due.Sub(one.call.At))
		}
	}
}

func cmpTeam(t message.TeamID) message.TeamID {
	if t == "" {
		return message.Everybody
	}
	return t
}

func TestARouteSaysWhichRulesItPassedAndWhy(t *testing.T) {
	cal := calendar(t, "America/New_York")
	got := office().Route(cal, protocol.Call{Type: message.TypeRefill, Channel: message.ChannelDesk, At: time.Date(2026, 10, 13, 9, 0, 0, 0, cal.Zone)})
	want := []protocol.Passed{{Route: "billing", For: protocol.ByType}, {Route: "night", For: protocol.ByUrgency}, {Route: "okafor", For: protocol.ByProvider}, {Route: "lunch", For: protocol.ByWindow}, {Route: "fax", For: protocol.ByChannel}}
	if !slices.Equal(got.Passed, want) || got.Route != "rest" {
		t.Errorf("it goes by %s and passed %v", got.Route, got.Passed)
	}
}

func TestACallIsNeverWithoutAPlace(t *testing.T) {
	p := office()
	p.Routes, p.Coverage = nil, nil
	got := p.Route(calendar(t, "America/New_York"), protocol.Call{Type: message.TypeRefill, At: time.Date(2026, 10, 13, 9, 0, 0, 0, time.UTC)})
	if got.Team != message.Everybody || got.Due.IsZero() {
		t.Errorf("it goes to %q, due %v", got.Team, got.Due)
	}
}

func TestGapsAndOverlapsOfTheWeekAreNamed(t *testing.T) {
	p := office()
	if faults := p.WeekFaults(); len(faults) > 0 {
		t.Errorf("a whole week has %v", faults)
	}
	p.Coverage[1].Weekly = []protocol.Hours{hours("12:00", "12:30", weekdays...), hours("11:30", "12:30", "fri")}
	var got []string
	for _, f := range p.WeekFaults() {
		got = append(got, fmt.Sprintf("%s to %s: %v", protocol.WeekTime(f.From), protocol.WeekTime(f.To), f.Windows))
	}
	want := []string{
		"Monday 12:30 pm to Monday 1:00 pm: []", "Tuesday 12:30 pm to Tuesday 1:00 pm: []", "Wednesday 12:30 pm to Wednesday 1:00 pm: []",
		"Thursday 12:30 pm to Thursday 1:00 pm: []", "Friday 11:30 am to Friday 12:00 pm: [open lunch]", "Friday 12:30 pm to Friday 1:00 pm: []"}
	if !slices.Equal(got, want) {
		t.Errorf("the faults are %q", got)
	}
}

func TestARuleThatNothingReachesIsNamed(t *testing.T) {
	p := office()
	if never := p.Shadowed(); len(never) > 0 {
		t.Errorf("every rule is reached, but %v", never)
	}
	p.Routes = slices.Insert(p.Routes, 5,
		protocol.Route{ID: "bills at lunch", When: protocol.Match{Types: []message.CallType{message.TypeBilling}, Windows: []string{"lunch"}}},
		protocol.Route{ID: "no such type", When: protocol.Match{Types: []message.CallType{"gone"}}},
		protocol.Route{ID: "faxes and calls", When: protocol.Match{Channels: []message.Channel{message.ChannelMail, message.ChannelDesk}}},
		protocol.Route{ID: "more faxes", When: protocol.Match{Channels: []message.Channel{message.ChannelMail}, Urgencies: []message.Urgency{message.Urgent}}})
	if never := p.Shadowed(); !slices.Equal(never, []string{"bills at lunch", "no such type", "more faxes"}) {
		t.Errorf("never reached are %v", never)
	}
}

// zones with odd changes of the clock, beside the practice's own.
var zones = []string{"America/New_York", "America/Phoenix", "Australia/Lord_Howe", "Africa/Casablanca", "America/St_Johns"}

func TestEveryMinuteOfAYearHasOneWindowAndTheSpansSayTheSame(t *testing.T) {
	p := office()
	for _, zone := range zones {
		cal := calendar(t, zone)
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, cal.Zone)
		to := from.AddDate(1, 0, 0)
		spans := p.Spans(cal, from, to)
		i := 0
		for at := from; at.Before(to); at = at.Add(time.Minute) {
			for !at.Before(spans[i].To) {
				i++
			}
			w, ok := p.WindowAt(cal, at)
			if !ok || spans[i].Window.ID != w.ID || at.Before(spans[i].From) {
				t.Fatalf("%s at %v: %q, but the span says %q", zone, at, w.ID, spans[i].Window.ID)
			}
		}
		if !spans[0].From.Equal(from) || !spans[len(spans)-1].To.Equal(to) {
			t.Errorf("%s: the spans do not cover the year", zone)
		}
	}
}

// anyMatch draws one of the forms that a rule's condition has.
func anyMatch(p protocol.Protocol) *rapid.Generator[protocol.Match] {
	return rapid.Custom(func(t *rapid.T) protocol.Match {
		var types []message.CallType
		for _, typ := range p.Types {
			types = append(types, typ.ID)
		}
		var windows []string
		for _, w := range p.Coverage {
			windows = append(windows, w.ID)
		}
		return protocol.Match{
			Types:     rapid.SliceOfN(rapid.SampledFrom(types), 0, 3).Draw(t, "types"),
			Urgencies: rapid.SliceOfN(rapid.SampledFrom([]message.Urgency{message.Routine, message.SameDay, message.Urgent}), 0, 2).Draw(t, "urgencies"),
			Providers: rapid.SliceOfN(rapid.SampledFrom([]string{"Okafor", "Lindqvist"}), 0, 1).Draw(t, "providers"),
			Windows:   rapid.SliceOfN(rapid.SampledFrom(windows), 0, 2).Draw(t, "windows"),
			Channels:  rapid.SliceOfN(rapid.SampledFrom([]message.Channel{message.ChannelDesk, message.ChannelMail, message.ChannelAPI}), 0, 2).Draw(t, "channels"),
		}
	})
}

func TestEveryCallAtEveryMinuteHasExactlyOneRoute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := office()
		p.Coverage[4] = anySeason(p.Coverage[4]).Draw(t, "season")
		p.Routes = nil
		for i := range rapid.IntRange(0, 8).Draw(t, "rules") {
			p.Routes = append(p.Routes, protocol.Route{ID: fmt.Sprint("rule ", i), When: anyMatch(p).Draw(t, "when"), To: protocol.Target{Team: message.TeamID(fmt.Sprint("team ", i))}})
		}
		p.Routes = append(p.Routes, protocol.Route{ID: "rest", To: protocol.Target{Team: message.Everybody}})
		cal := calendar(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		c := protocol.Call{
			Type:     rapid.SampledFrom([]message.CallType{message.TypeNew, message.TypeRefill, message.TypeUrgent, "gone"}).Draw(t, "type"),
			Urgency:  rapid.SampledFrom([]message.Urgency{message.Routine, message.SameDay, message.Urgent}).Draw(t, "urgency"),
			Provider: message.Clear(rapid.SampledFrom([]string{"", "Dr. Okafor", "Lindqvist, MD", "Kim"}).Draw(t, "provider")),
			Channel:  rapid.SampledFrom([]message.Channel{message.ChannelDesk, message.ChannelMail, message.ChannelAPI}).Draw(t, "channel"),
			At:       begin.Add(time.Duration(rapid.IntRange(0, 366*24*60).Draw(t, "minute")) * time.Minute),
		}
		got := p.Route(cal, c)
		i := slices.IndexFunc(p.Routes, func(r protocol.Route) bool { return r.ID == got.Route })
		if i < 0 || len(got.Passed) != i {
			t.Fatalf("it goes by %q after %d rules", got.Route, len(got.Passed))
		}
		for j, r := range p.Routes[:i+1] {
			if matches(p, cal, r.When, c) != (j == i) {
				t.Fatalf("rule %d %+v and the call %+v disagree", j, r.When, c)
			}
		}
	})
}

// anySeason draws when a season is: once, or every year, over New Year too.
func anySeason(w protocol.Window) *rapid.Generator[protocol.Window] {
	return rapid.Custom(func(t *rapid.T) protocol.Window {
		if rapid.Bool().Draw(t, "yearly") {
			day := func(name string) protocol.Day {
				at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 365).Draw(t, name))
				return protocol.Day(at.Format("--01-02"))
			}
			w.From, w.To = day("from"), day("to")
		}
		return w
	})
}

func TestASeasonOfEveryYearIsThereEveryYear(t *testing.T) {
	cal := calendar(t, "America/New_York")
	for name, one := range map[string]struct {
		from, to protocol.Day
		in, out  []string
	}{
		"over New Year":             {"--10-01", "--03-31", []string{"2026-10-01", "2026-12-31", "2027-01-01", "2027-03-31", "2031-11-01"}, []string{"2026-09-30", "2027-04-01"}},
		"within a year":             {"--06-15", "--08-31", []string{"2026-06-15", "2027-08-31"}, []string{"2026-06-14", "2026-09-01"}},
		"a single day":              {"--12-24", "--12-24", []string{"2026-12-24", "2027-12-24"}, []string{"2026-12-23", "2026-12-25"}},
		"to a day of a leap year":   {"--02-01", "--02-29", []string{"2027-02-28", "2028-02-29"}, []string{"2027-03-01", "2028-03-01"}},
		"from a day of such a year": {"--02-29", "--03-05", []string{"2027-03-01", "2028-02-29"}, []string{"2027-02-28", "2028-02-28"}},
	} {
		p := office()
		p.Coverage = append([]protocol.Window{{ID: "season", Name: "Season", Answers: "overflow", From: one.from, To: one.to}}, p.Coverage...)
		inSeason := func(day string) bool {
			at, err := time.ParseInLocation(time.DateOnly, day, cal.Zone)
			if err != nil {
				t.Fatal(err)
			}
			w, _ := p.WindowAt(cal, at)
			last, _ := p.WindowAt(cal, at.AddDate(0, 0, 1).Add(-time.Minute))
			if w.ID != last.ID && (w.ID == "season" || last.ID == "season") {
				t.Errorf("%s: on %s it is the season for part of the day", name, day)
			}
			return w.ID == "season"
		}
		for _, day := range one.in {
			if !inSeason(day) {
				t.Errorf("%s: it is not the season on %s", name, day)
			}
		}
		for _, day := range one.out {
			if inSeason(day) {
				t.Errorf("%s: it is the season on %s", name, day)
			}
		}
	}
}

func TestWhatLiesOverTheWeekIsToldByDate(t *testing.T) {
	cal := calendar(t, "America/New_York")
	p := office()
	p.Coverage = append(p.Coverage, protocol.Window{ID: "away", Name: "Vacation", Answers: "front desk", From: "2026-11-25", To: "2026-11-28"})
	var got []string
	for _, d := range p.SpecialDays(cal, time.Date(2026, 10, 31, 23, 30, 0, 0, cal.Zone), 30) { // over the night the clocks go back
		got = append(got, fmt.Sprint(d.Window.ID, " ", d.From, " ", d.To))
	}
	want := []string{"flu 2026-11-01 2026-11-25", "away 2026-11-25 2026-11-25", "holiday 2026-11-26 2026-11-26", "flu 2026-11-27 2026-11-29", "away 2026-11-27 2026-11-28"}
	if !slices.Equal(got, want) {
		t.Errorf("it is told as %q", got)
	}
}

// matches says by brute force whether a call is what a rule means.
func matches(p protocol.Protocol, cal protocol.Calendar, m protocol.Match, c protocol.Call) bool {
	w, _ := p.WindowAt(cal, c.At)
	provider := len(m.Providers) == 0
	for _, name := range m.Providers {
		provider = provider || c.Provider.Reveal() == "Dr. "+name || c.Provider.Reveal() == name+", MD"
	}
	return (len(m.Types) == 0 || slices.Contains(m.Types, c.Type)) && (len(m.Urgencies) == 0 || slices.Contains(m.Urgencies, c.Urgency)) &&
		provider && (len(m.Windows) == 0 || slices.Contains(m.Windows, w.ID)) && (len(m.Channels) == 0 || slices.Contains(m.Channels, c.Channel))
}

func BenchmarkRoute(b *testing.B) {
	p, cal := office(), calendar(b, "America/New_York")
	c := protocol.Call{Type: message.TypeRefill, Channel: message.ChannelDesk, Provider: "Kim", At: time.Date(2026, 10, 13, 9, 0, 0, 0, cal.Zone)}
	for b.Loop() {
		p.Route(cal, c)
	}
	perMessage(b)
}
