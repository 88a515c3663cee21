package oncall_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/finding"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

func TestAnOwnerIsToldWeeklyAndOfAnAlarmAtOnceAndOnce(t *testing.T) {
	s := sound(t)
	note := finding.Finding{ID: "oncall.review/s", Severity: finding.Warning, Text: "It is due.", Do: "Review it."}
	alarm := finding.Finding{ID: "oncall.soon/okafor", Severity: finding.Alarm, Text: "They cannot be reached.", Do: "Mend it."}
	day := 24 * time.Hour
	for _, c := range []struct {
		name   string
		after  time.Duration
		digest []finding.Finding
		way    bool
		sent   bool
	}{
		{"the week begins when there is an owner", 0, []finding.Finding{note}, true, false},
		{"an alarm", day, []finding.Finding{alarm, note}, true, true},
		{"the same alarm again", day + time.Hour, []finding.Finding{alarm, note}, true, false},
		{"it is over", 2 * day, []finding.Finding{note}, true, false},
		{"it comes back while no mail goes out", 3 * day, []finding.Finding{alarm}, false, false},
		{"and is told when it does", 4 * day, []finding.Finding{alarm}, true, true},
		{"a week after that", 11 * day, []finding.Finding{alarm, note}, true, true},
		{"nothing to tell", 20 * day, nil, true, false},
		{"something to tell again", 21 * day, []finding.Finding{note}, true, true},
		{"a clock put back by a year begins the week anew", -365 * day, []finding.Finding{note}, true, false},
		{"a week of that clock later", -358 * day, []finding.Finding{note}, true, true},
	} {
		at := night.Add(c.after)
		change(t, s, func(tx *store.Tx) error {
			before, after, send, err := oncall.Tell(tx, "dana", c.digest, c.way, at)
			if err != nil || send != c.sent {
				t.Errorf("%s: sent %v, want %v (%v)", c.name, send, c.sent, err)
			}
			if after.Same(before) {
				return err
			}
			count := 0
			if send {
				count = len(c.digest)
			}
			return oncall.KeepTold(tx, "dana", after, count, at)
		})
	}
	got := whats(t, s)
	if sent := len(slices.DeleteFunc(got, func(w audit.What) bool { return w != audit.DigestSent })); sent != 5 {
		t.Errorf("%d digests are traced", sent)
	}
}

func TestADigestInWords(t *testing.T) {
	one := []finding.Finding{{Text: "It is due.", Do: "Review it."}}
	onCall := oncall.DigestPart{Name: "On call", Why: "You look after an on-call schedule.", Findings: one, Link: "https://nightbell.local/on-call"}
	subject, text := oncall.DigestWords(onCall, oncall.DigestPart{Name: "Protocol", Why: "You run the office."})
	if subject != "On call: one thing to look at" || !strings.Contains(text, "- It is due.\n  Review it.\n") || !strings.HasSuffix(text, "https://nightbell.local/on-call\n") || strings.Contains(text, "office") {
		t.Errorf("%s\n%s", subject, text)
	}
	subject, text = oncall.DigestWords(onCall, oncall.DigestPart{Name: "Protocol", Why: "You run the office.", Findings: one, Link: "https://nightbell.local/protocol"})
	if subject != "On call, Protocol: 2 things to look at" || !strings.Contains(text, "https://nightbell.local/on-call\n\nYou run the office. This needs somebody:\n\n- It is due.") {
		t.Errorf("%s\n%s", subject, text)
	}
}
