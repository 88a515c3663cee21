package notify_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/notify/channeltest"
	"nightbell/appliance/store"
)

func TestEachTextFitsIntoOne(t *testing.T) {
	st := channeltest.Open(t, t.TempDir())
	for _, reason := range []notify.Reason{notify.Waiting, notify.HandedOff, notify.Overdue, notify.Test} {
		for _, kind := range []message.CallType{message.TypeNew, message.TypeChange, message.TypeUrgent, message.TypeBilling} {
			for _, others := range []int{0, 1, 23} {
				n := notice(1, 12)
				n.Reason, n.Type, n.Others, n.Number, n.Urgency = reason, kind, others, 1234567, message.SameDay
				if reason == notify.Test {
					n = notify.Notice{Reason: reason, Urgency: message.Urgent, Step: 1, Bout: bout, Since: bout}
				}
				said := say(t, st, notify.KindSMS, n)
				if utf8.RuneCountInString(said.Text) > 160 || strings.ContainsAny(said.Text, "“”’–…") {
					t.Errorf("%d characters: %q", utf8.RuneCountInString(said.Text), said.Text)
				}
				if want := "Reply 1 " + said.Token.Code(); !strings.Contains(said.Text, want) {
					t.Errorf("%q does not say %q", said.Text, want)
				}
			}
		}
	}
}

func TestOwnWordsThatAreTooLongForATextGiveWayToShortOnes(t *testing.T) {
	for name, text := range map[string]string{
		"too long":                       "Message {number} waits for you. " + strings.Repeat("please take it now ", 8),
		"outside of the phone's letters": "Message {number} waits for you – please",
	} {
		t.Run(name, func(t *testing.T) {
			st := channeltest.Open(t, t.TempDir())
			err := st.Update(t.Context(), func(tx *store.Tx) error {
				return notify.SetWords(tx, notify.OwnWords{Kind: notify.KindSMS, Reason: notify.Waiting, Title: "Message", Text: text})
			})
			if err != nil {
				t.Fatal(err)
			}
			said := say(t, st, notify.KindSMS, notice(1, 1))
			if want := "Message N-1042 waits for you. Reply 1 " + code(1); !strings.HasPrefix(said.Text, want) {
				t.Errorf("it says %q", said.Text)
			}
		})
	}
}

func say(t *testing.T, st *store.Store, kind notify.Kind, n notify.Notice) (said notify.Said) {
	t.Helper()
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	_ = st.View(func(tx *store.Tx) error {
		said = speech(newYork).Say(tx, kind, n, "p1", n.Since.Add(95*time.Minute))
		return nil
	})
	return said
}

func TestPhoneNumbersAreKeptAsGatewaysWantThem(t *testing.T) {
	for _, c := range []struct{ typed, region, want string }{
		{"(212) 555-0143", "US", "+12125550143"},
		{"212.555.0143", "US", "+12125550143"},
		{"1-212-555-0143", "US", "+12125550143"},
		{"+1 212 555 0143", "DE", "+12125550143"},
		{"030 901820", "DE", "+4930901820"},
		{"+49 30 901820", "US", "+4930901820"},
		{" +12125550143 ", "US", "+12125550143"},
		{"911", "US", ""},
		{"555-0143", "US", ""},
		{"12345", "US", ""},
		{"+1 212 555 0143 ext. 7", "US", ""},
		{"my mobile", "US", ""},
		{"", "US", ""},
		{"okafor@example.com", "US", ""},
		{"+999 123 456 789", "US", ""},
		{"212 555 0143", "XX", ""},
	} {
		got, err := notify.PhoneNumber(c.typed, c.region)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q in %s is %q (%v), want %q", c.typed, c.region, got, err, c.want)
		}
	}
}
