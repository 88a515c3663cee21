package oncall_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/finding"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// staff are the accounts and the channels that work, by person. Whoever is not
// in it has mail and text messages.
type staff map[message.PersonID]known

type known struct {
	gone  bool
	kinds []string
}

func (s staff) Account(_ *store.Tx, who message.PersonID) (string, oncall.Account, error) {
	if s[who].gone {
		return "Dr. " + string(who), oncall.AccountOff, nil
	}
	return "Dr. " + string(who), oncall.AccountRings, nil
}

func (s staff) Kinds(_ *store.Tx, who message.PersonID) ([]string, error) {
	if k, ok := s[who]; ok {
		return k.kinds, nil
	}
	return []string{"mail", "sms"}, nil
}

// ids are the findings' ids, and words what they say.
func stale(t *testing.T, s *store.Store, st staff, at time.Time) (ids []string, words string) {
	t.Helper()
	change(t, s, func(tx *store.Tx) error {
		list, err := oncall.Stale(tx, at, st)
		for _, f := range list {
			ids = append(ids, f.ID)
			words += f.Text + "\n"
			if f.Do == "" || !strings.HasSuffix(f.Text, ".") {
				t.Errorf("finding %+v", f)
			}
		}
		return err
	})
	return ids, words
}

// sound is a practice about which nothing is to be said.
func sound(t *testing.T) *store.Store {
	t.Helper()
	s := in(t, "America/New_York")
	schedule := primary(weekly("okafor", "lindqvist"))
	schedule.Layers = append(schedule.Layers, oncall.Layer{ID: "backup", Name: "Backup", Rotations: []oncall.Rotation{weekly("hale")}})
	schedule.Layers[1].Rotations[0].ID = "other"
	save(t, s, schedule, night)
	change(t, s, func(tx *store.Tx) error {
		if err := oncall.SetReach(tx, "dana", "okafor", oncall.Reach{Ways: []oncall.Way{{Kind: "sms", Address: "+15550100"}}}, night); err != nil {
			return err
		}
		return oncall.Confirmed(tx, "okafor", "okafor", "sms", "+15550100", night)
	})
	return s
}

func TestNothingIsSaidOfASoundSchedule(t *testing.T) {
	if ids, words := stale(t, sound(t), staff{}, night); len(ids) > 0 {
		t.Errorf("said %v:\n%s", ids, words)
	}
}

func TestWhatGrowsOldIsSaid(t *testing.T) {
	s := sound(t)
	for _, c := range []struct {
		name  string
		staff staff
		at    time.Time
		id    string
		says  string
	}{
		{"a review that is overdue", staff{}, night.AddDate(0, 3, 0), "oncall.review/s", "The schedule Practice was due for review on 24 February 2027. Dr. dana looks after it."},
		{"a number not confirmed in 90 days", staff{}, night.AddDate(0, 0, 91), "oncall.unconfirmed/okafor/sms-1", "Dr. okafor confirmed the number for text messages last on 24 November 2026, more than 90 days ago."},
		{"an account that is disabled", staff{"hale": {gone: true}}, night, "oncall.account/hale", "Dr. hale is in the on-call schedule, and their account is disabled"},
		{"no working channel", staff{"okafor": {}}, night, "oncall.reach/okafor", "Dr. okafor has no working way to be reached."},
		{"push alone", staff{"okafor": {kinds: []string{"ntfy"}}}, night, "oncall.one-kind/okafor", "Dr. okafor is reached by push messages alone"},
		{"somebody about to go on call without a working channel", staff{"okafor": {}}, time.Date(2026, 11, 29, 20, 0, 0, 0, time.UTC), "oncall.soon/okafor", "Dr. okafor goes on call on Mon 30 Nov 7:00 am and has no working way to be reached."},
	} {
		t.Run(c.name, func(t *testing.T) {
			ids, words := stale(t, s, c.staff, c.at)
			if !slices.Contains(ids, c.id) || !strings.Contains(words, c.says) {
				t.Errorf("said %v:\n%s", ids, words)
			}
		})
	}
	if ids, _ := stale(t, s, staff{"lindqvist": {}}, night); len(ids) > 0 {
		t.Errorf("who is on call now and cannot be reached is the bell's to say, and it is said twice: %v", ids)
	}
}

func TestOtherPeopleInAScheduleAreAReasonToReviewIt(t *testing.T) {
	s := sound(t)
	changed := primary(weekly("okafor", "lindqvist", "ames"))
	save := func(by string) {
		change(t, s, func(tx *store.Tx) error { return oncall.SetSchedule(tx, by, changed, night.Add(time.Hour)) })
	}
	save("rosa")
	if ids, words := stale(t, s, staff{}, night.Add(time.Hour)); !slices.Contains(ids, "oncall.review/s") || !strings.Contains(words, "changed since it was reviewed. Dr. dana looks after it.") {
		t.Errorf("said %v:\n%s", ids, words)
	}
	change(t, s, func(tx *store.Tx) error { return oncall.Reviewed(tx, "dana", "s", night.Add(time.Hour)) })
	if ids, words := stale(t, s, staff{}, night.Add(time.Hour)); len(ids) > 0 {
		t.Errorf("after the review %v:\n%s", ids, words)
	}
	changed = primary(weekly("okafor", "bose"))
	save("dana")
	if ids, words := stale(t, s, staff{}, night.Add(time.Hour)); len(ids) > 0 {
		t.Errorf("its owner changed it, and so looked at it: %v:\n%s", ids, words)
	}
}

func TestGapsAndConflictsAreSaidBeforeTheyHappen(t *testing.T) {
	s := sound(t)
	schedule := primary(weekly("okafor"))
	schedule.Layers[0].Rotations[0].Windows = []oncall.Window{{Days: []time.Weekday{0, 1, 2, 3, 4, 5}, From: oncall.NewClock(0, 0), To: oncall.NewClock(0, 0)}}
	schedule.Layers = append(schedule.Layers, oncall.Layer{ID: "backup", Name: "Backup", Shifts: []oncall.Shift{{ID: "x", Person: "okafor", From: date(2026, 11, 30).At(0), To: date(2026, 12, 1).At(0)}}})
	save(t, s, schedule, night)
	ids, words := stale(t, s, staff{}, night)
	for _, want := range []string{
		"Nobody is on call from Sat 28 Nov 12:00 am to Sun 29 Nov 12:00 am, and once more in the next two weeks.",
		"Dr. okafor stands in two layers at once from Mon 30 Nov 12:00 am on",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("said %v:\n%s", ids, words)
		}
	}
	empty := oncall.Schedule{ID: "e", Name: "Cardiology", Topic: "Cardiology"}
	save(t, s, empty, night)
	if ids, words := stale(t, s, staff{}, night); !slices.Contains(ids, "oncall.empty/e") {
		t.Errorf("an empty fortnight: said %v:\n%s", ids, words)
	}
}

func TestAnOwnerIsToldWhatConcernsThem(t *testing.T) {
	s := sound(t)
	other := oncall.Schedule{ID: "c", Name: "Cardiology", Topic: "Cardiology", Owner: "bose", Layers: []oncall.Layer{{ID: "cp", Name: "Primary", Rotations: []oncall.Rotation{weekly("chen")}}}}
	other.Layers[0].Rotations[0].ID = "cr"
	save(t, s, other, night)
	st := staff{"okafor": {}, "chen": {gone: true}}
	for owner, want := range map[message.PersonID][]string{"dana": {"oncall.reach/okafor"}, "bose": {"oncall.account/chen"}, "okafor": nil} {
		change(t, s, func(tx *store.Tx) error {
			list, err := oncall.Digest(tx, night, st, owner)
			var ids []string
			for _, f := range list {
				ids = append(ids, f.ID)
			}
			if !slices.Equal(ids, want) {
				t.Errorf("%s is told %v, want %v", owner, ids, want)
			}
			return err
		})
	}
}

func TestAChannelWhoseLastTestFailedIsSaidUntilOneIsAnswered(t *testing.T) {
	s := sound(t)
	mail := func(f func(*store.Tx, string, message.PersonID, string, string, time.Time) error) {
		change(t, s, func(tx *store.Tx) error { return f(tx, "okafor", "okafor", "mail", "okafor@example.com", night) })
	}
	mail(oncall.Tested)
	if ids, _ := stale(t, s, staff{}, night); len(ids) > 0 {
		t.Errorf("a test that is on its way: %v", ids)
	}
	mail(oncall.Failed)
	if ids, words := stale(t, s, staff{}, night); !slices.Equal(ids, []string{"oncall.failed/okafor/mail-2"}) || !strings.Contains(words, "The last test of Dr. okafor’s mail failed, on 24 November 2026.") {
		t.Errorf("a failed test: %v\n%s", ids, words)
	}
	mail(oncall.Confirmed)
	if ids, _ := stale(t, s, staff{}, night); len(ids) > 0 {
		t.Errorf("it was answered: %v", ids)
	}
}

func TestANewNumberWasConfirmedByNobody(t *testing.T) {
	s := sound(t)
	change(t, s, func(tx *store.Tx) error {
		reach, err := oncall.ReachOf(tx, "okafor")
		if err != nil {
			return err
		}
		forged := append(slices.Clone(reach.Ways), oncall.Way{Kind: "voice", Address: "+15550101", ConfirmedAt: night})
		forged[0].FailedAt = night
		if err := oncall.SetReach(tx, "okafor", "okafor", oncall.Reach{Preferred: "Ada", Ways: forged}, night); err != nil {
			return err
		}
		got, err := oncall.ReachOf(tx, "okafor")
		if got.Preferred != "Ada" || !got.Ways[0].ConfirmedAt.Equal(night) || !got.Ways[0].FailedAt.IsZero() || !got.Ways[1].ConfirmedAt.IsZero() {
			t.Errorf("kept as %+v", got)
		}
		return err
	})
}

func TestFindingsAreOrderedByGravity(t *testing.T) {
	s := sound(t)
	change(t, s, func(tx *store.Tx) error {
		list, err := oncall.Stale(tx, time.Date(2026, 11, 29, 20, 0, 0, 0, time.UTC), staff{"okafor": {}, "hale": {gone: true}})
		if len(list) != 2 || list[0].Severity != finding.Alarm || list[1].Severity != finding.Warning {
			t.Errorf("%+v", list)
		}
		return err
	})
}

func TestQuietHoursCrossMidnightAndAChangeOfTheClock(t *testing.T) {
	z := zone(t, "America/New_York")
	reach := oncall.Reach{Quiet: []oncall.Quiet{{Days: []time.Weekday{time.Saturday}, From: oncall.NewClock(22, 0), To: oncall.NewClock(7, 0)}}}
	for typed, want := range map[string]bool{
		"2026-10-31 21:59": false, "2026-10-31 22:00": true, "2026-11-01 06:59": true, "2026-11-01 07:00": false, "2026-11-01 23:00": false,
	} {
		if got := reach.QuietAt(z, at(t, z, typed)); got != want {
			t.Errorf("at %s quiet is %v", typed, got)
		}
	}
}
