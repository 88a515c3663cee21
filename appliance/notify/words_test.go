package notify_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/notify/channeltest"
	"nightbell/appliance/store"
)

var update = flag.Bool("update", false, "write the golden files anew")

// said is the mail that a notice becomes.
func said(t *testing.T, n notify.Notice, now time.Time) notify.Mail {
	t.Helper()
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	ch := notify.NewMail(notify.MailOptions{
		Outbox: channeltest.Outbox{}, Health: channeltest.Outbox{}, Say: speech(zone),
	})
	st := channeltest.Open(t, t.TempDir())
	var mails []notify.Mail
	err = st.Update(t.Context(), func(tx *store.Tx) (err error) {
		if err := ch.Begin(tx, n, okafor(), now); err != nil {
			return err
		}
		mails, err = channeltest.Outbox{}.Waiting(tx)
		return err
	})
	if err != nil || len(mails) != 1 {
		t.Fatalf("%d mails, %v", len(mails), err)
	}
	return mails[0]
}

func TestWordsOfEachNotice(t *testing.T) {
	since := time.Date(2026, 11, 24, 10, 7, 0, 0, time.UTC)
	base := notify.Notice{
		Message: "01936000-0000-7000-8000-000000000001", Number: 1042, Type: message.TypeUrgent,
		Urgency: message.Urgent, Since: since, Step: 1,
	}
	for _, c := range []struct {
		file   string
		reason notify.Reason
		step   int
		after  time.Duration
	}{
		{"waiting", notify.Waiting, 1, 0},
		{"waiting-again", notify.Waiting, 4, 15 * time.Minute},
		{"handed-off", notify.HandedOff, 2, 61 * time.Second},
		{"overdue", notify.Overdue, 3, 3 * time.Hour},
	} {
		t.Run(c.file, func(t *testing.T) {
			n := base
			n.Reason, n.Step = c.reason, c.step
			m := said(t, n, since.Add(c.after))
			got := fmt.Sprintf("Subject: %s\n\n%s", m.Subject, m.Text)
			path := filepath.Join("testdata", c.file+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil || string(want) != got {
				t.Errorf("the words changed (run with -update when they should, %v):\n%s", err, got)
			}
			if !m.Urgent || m.Person != "p1" || m.Message != n.Message || m.To != "okafor@example.com" {
				t.Error("the mail does not say whom and what it is for")
			}
			if _, err := message.ParseID(string(m.ID)); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestNoticeCannotHoldText walks the type: whoever adds a field that a name or a
// reason fits into is stopped here.
func TestNoticeCannotHoldText(t *testing.T) {
	allowed := map[reflect.Type]bool{
		reflect.TypeFor[message.ID]():       true, // our own, checked wherever one is read
		reflect.TypeFor[message.Number]():   true,
		reflect.TypeFor[message.CallType](): true, // looked up, never shown
		reflect.TypeFor[message.Urgency]():  true,
		reflect.TypeFor[time.Time]():        true,
		reflect.TypeFor[notify.Reason]():    true, // looked up, never shown
		reflect.TypeFor[int]():              true,
	}
	notice := reflect.TypeFor[notify.Notice]()
	for i := range notice.NumField() {
		if f := notice.Field(i); !allowed[f.Type] {
			t.Errorf("field %s is a %s", f.Name, f.Type)
		}
	}
}

func TestCodesAreLookedUpAndNeverShown(t *testing.T) {
	m := said(t, notify.Notice{
		Message: "01936000-0000-7000-8000-000000000001", Number: 1042,
		Type: "Marisol Quintero", Urgency: message.Urgency(9), Reason: "hard to wake", Step: 1,
	}, time.Unix(0, 0))
	for _, word := range []string{"Marisol", "hard to wake"} {
		if strings.Contains(m.Subject+m.Text, word) {
			t.Errorf("%q was shown", word)
		}
	}
}
