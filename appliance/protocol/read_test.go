package protocol_test

import (
	"strings"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

var day = time.Date(2026, 11, 24, 21, 30, 0, 0, time.UTC)

func TestABirthDateIsReadAsItIsTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"9/9/25": "2025-09-09", "09/09/2025": "2025-09-09", "2025-09-09": "2025-09-09", "9-9-25": "2025-09-09", "09092025": "2025-09-09",
		"September 9, 2025": "2025-09-09", "sep 9 2025": "2025-09-09", " 9 /9": "", "9.9.25": "2025-09-09",
		"1/2/27": "1927-01-02", "11/24/26": "2026-11-24", "11/25/26": "1926-11-25", "2/29/2024": "2024-02-29", "2/29/24": "2024-02-29",
		"2/30/24": "", "2/29/2023": "", "1/1/1890": "", "12/1/2026": "", "about 1950": "", "": "", "13/13/13": "",
	} {
		got, ok := protocol.ReadBorn(typed, day)
		if ok != (want != "") || ok && got.Format(time.DateOnly) != want {
			t.Errorf("%q is read as %s (%v), not %q", typed, got.Format(time.DateOnly), ok, want)
		}
	}
}

func TestAnAgeIsSaidInTheUnitAClinicianUses(t *testing.T) {
	for born, want := range map[string]string{
		"2026-11-24": "0 days", "2026-11-23": "1 day", "2026-11-11": "13 days", "2026-11-10": "2 weeks", "2026-08-25": "13 weeks", "2026-08-24": "3 months",
		"2025-09-09": "14 months", "2024-11-25": "23 months", "2024-11-24": "2 years", "1964-12-01": "61 years",
	} {
		d, err := time.Parse(time.DateOnly, born)
		if err != nil {
			t.Fatal(err)
		}
		if got := protocol.Age(d, day); got != want {
			t.Errorf("born %s is %s, not %s", born, got, want)
		}
	}
}

func TestAPhoneNumberIsWrittenAsItIsReadAloud(t *testing.T) {
	for typed, want := range map[string]string{
		"503 555 0148": "(503) 555-0148", "5035550148": "(503) 555-0148", "+1 503.555.0148": "(503) 555-0148", "1-503-555-0148": "(503) 555-0148",
		"503 555 0148 x12": "(503) 555-0148 x12", "503-555-0148, ask for Lee": "(503) 555-0148 , ask for Lee",
		"555 0148": "555 0148", "+44 20 7946 0018": "+44 20 7946 0018", "none": "none", "2045": "2045", "503*555*0148": "503*555*0148",
	} {
		if got := protocol.FormatPhone(typed); got != want {
			t.Errorf("%q is written %q, not %q", typed, got, want)
		}
	}
}

func TestTheLinesOfARecordAreInTheOrderTheyAreAsked(t *testing.T) {
	r := message.Record{Form: form{
		"symptoms": "fever", "callback": "5035550148", "read_back": "yes", "caller": "Ana", "relation": "parent", "born": "9/9/25",
		"zodiac": "virgo", "asked_before": "x", "provider": "  ",
	}}
	var got []string
	for _, l := range typ(t, message.TypeUrgent).Lines(r, day) {
		line := l.Field.Label + "=" + l.Value.Reveal()
		if l.Note != "" {
			line += " (" + l.Note.Reveal() + ")"
		}
		if l.Ticked {
			line += " + " + l.Beside.Label
		}
		got = append(got, line)
	}
	want := "Caller=Ana|Caller is=a parent or guardian|Call back number=(503) 555-0148 + Number read back|Born=9/9/25 (September 9, 2025, 14 months)|What is the matter?=fever|asked_before=x|zodiac=virgo"
	if strings.Join(got, "|") != want {
		t.Errorf("the lines are\n%s, not\n%s", strings.Join(got, "|"), want)
	}
}

func TestTheInboxLineOfARecord(t *testing.T) {
	voicemail := []message.File{{Role: message.RoleOriginal, Type: "message/rfc822"}, {Role: message.RoleAttachment, Type: "audio/wav"}}
	for name, c := range map[string]struct {
		id        message.CallType
		record    message.Record
		who, what string
	}{
		"a refill":           {message.TypeRefill, message.Record{Form: form{"caller": "Ana", "patient": "Priya Raman", "medication": "Lisinopril", "dose": "10 mg", "pharmacy": "Elm Street Pharmacy"}}, "Priya Raman", "Lisinopril 10 mg, Elm Street Pharmacy"},
		"an urgent call":     {message.TypeUrgent, message.Record{Form: form{"caller": "Marisol", "symptoms": "fever 104,\nhard to wake", "since": "midnight"}}, "Marisol", "fever 104, hard to wake, midnight"},
		"a change":           {message.TypeChange, message.Record{Form: form{"caller": "Tom", "change": "late", "appointment": "2 pm"}}, "Tom", "running late, 2 pm"},
		"a mail":             {message.TypeOther, message.Record{Form: form{"mail_from": "a@b.example", "mail_subject": "Records"}, Text: "Hello"}, "a@b.example", "Records"},
		"mail, no subject":   {message.TypeBilling, message.Record{Form: form{"mail_from": "a@b.example"}, Text: "\n\nHello  there\n"}, "a@b.example", "Hello there"},
		"a voicemail":        {message.TypeUrgent, message.Record{Form: form{"mail_from": "pbx@b.example"}, Files: voicemail}, "pbx@b.example", "Voicemail"},
		"a fax":              {message.TypeOther, message.Record{Files: []message.File{{Role: message.RoleAttachment, Type: "application/pdf"}}}, "", "Fax or scan"},
		"another file":       {message.TypeOther, message.Record{Files: []message.File{{Role: message.RoleAttachment, Type: "text/csv"}}}, "", "A file"},
		"nothing":            {message.TypeOther, message.Record{}, "", ""},
		"a gone type":        {"travel", message.Record{Text: "Hello"}, "", "Hello"},
		"more than one line": {message.TypeOther, message.Record{Form: form{"caller": "A", "reason": message.Clear(strings.Repeat("né ", 9000))}}, "A", strings.Repeat("né ", 39) + "né…"},
	} {
		who, what := protocol.BuiltIn().Show(c.id).Summary(c.record)
		if who.Reveal() != c.who || what.Reveal() != c.what {
			t.Errorf("%s: %q / %q", name, who.Reveal(), what.Reveal())
		}
	}
}
