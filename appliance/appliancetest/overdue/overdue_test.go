// Package overdue_test shows invariant 4 over restarts: what came due while the
// machine was off is done at once when it is on again, locked, and with nobody
// and nothing else there.
package overdue_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

var (
	okafor = appliancetest.Login{Name: "okafor", Password: "marble stairs and an open door"}
	lind   = appliancetest.Login{Name: "lind", Password: "seven boats on a northern lake"}
)

const (
	okaforMail = "okafor@example.com"
	lindMail   = "lind@example.com"
)

// urgentCall takes an urgent call by the API and answers its id.
func urgentCall(t *testing.T, p *appliancetest.Practice) message.ID {
	t.Helper()
	_, bearer := p.AddDevice("partner")
	answer := p.PostMessage(t, bearer, "", map[string]any{"call_type": "urgent", "form": map[string]string{
		"caller": "Marisol Quintero", "callback": "503 555 0148", "symptoms": "Fever, hard to wake"}})
	var taken struct{ ID message.ID }
	if err := json.Unmarshal([]byte(answer.Body), &taken); err != nil || answer.Status != http.StatusCreated {
		t.Fatalf("the API answered %d %s", answer.Status, answer.Body)
	}
	return taken.ID
}

// bell answers the bell of a message.
func bell(t *testing.T, p *appliancetest.Practice, id message.ID) (l escalation.Live) {
	t.Helper()
	err := p.Store.View(func(tx *store.Tx) (err error) {
		l, _, err = p.Bell.Of(tx, id, p.Clock.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// whileOff is a restart in which the machine was off for some time.
func whileOff(p *appliancetest.Practice, off time.Duration) {
	p.Stop()
	p.Advance(off)
	p.Run()
}

// wentTo answers whom the mails from the n-th on went to, in the order of names.
func wentTo(mails []smarthost.Mail, n int) string {
	var to []string
	for _, m := range mails[n:] {
		to = append(to, m.To...)
	}
	slices.Sort(to)
	return strings.Join(to, " ")
}

func TestStepsThatCameDueWhileTheMachineWasOffAreDoneAtOnceAfterARestart(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.WithSmarthost, appliancetest.Locked)
	p.AddPerson(okafor, okaforMail, access.Provider)
	p.AddPerson(lind, lindMail, access.Provider)
	if err := p.SetOnCallByName(t.Context(), "owner", []string{"okafor", "lind"}); err != nil {
		t.Fatal(err)
	}
	mailed := func(n int) []smarthost.Mail {
		t.Helper()
		mails := p.Received(t, n)
		// What is taken in the moment of a stop is sent again after it: at least once.
		p.Until(t, "that the queue knows of it", func() bool {
			waiting, err := p.Waiting()
			return err == nil && len(waiting) == 0
		})
		if len(mails) != n {
			t.Fatalf("%d notices went out, not %d", len(mails), n)
		}
		return mails
	}
	id := urgentCall(t, p)
	if to := wentTo(mailed(1), 0); to != okaforMail {
		t.Fatalf("the call rang %s first", to)
	}

	whileOff(p, 6*time.Minute)
	if to := wentTo(mailed(2), 1); to != lindMail {
		t.Errorf("the step that came due while the machine was off rang %s", to)
	}
	whileOff(p, 3*time.Hour)
	if to := wentTo(mailed(4), 2); to != lindMail+" "+okaforMail {
		t.Errorf("hours later the call rang %s", to)
	}
	if l := bell(t, p, id); l.State != escalation.Ringing || l.Times != 3 || !l.NextAt.After(p.Clock.Now()) {
		t.Errorf("the bell stands at %+v", l)
	}

	// A person takes it, and is not heard of again.
	doctor := p.SignIn(t, okafor)
	doctor.Post("/messages/"+string(id)+"/take", url.Values{})
	if l := bell(t, p, id); l.State != escalation.Promised {
		t.Fatalf("taken, the bell stands at %+v", l)
	}
	whileOff(p, time.Hour)
	if to := wentTo(mailed(5), 4); to != okaforMail {
		t.Errorf("a promise that was broken while the machine was off rang %s", to)
	}
	if !p.Vault.Locked() {
		t.Error("nobody signed in since the restart, and the appliance reads")
	}
}

func TestACallRingsOnAfterARestartWithNoWayOutOfTheHouse(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.Locked)
	id := urgentCall(t, p)
	for round := 1; round <= 3; round++ {
		whileOff(p, time.Hour)
		p.Until(t, "the overdue step", func() bool { return bell(t, p, id).Times > round })
		l := bell(t, p, id)
		if l.State != escalation.Ringing || !l.Nobody || l.Times != round+1 {
			t.Fatalf("after %d restarts the bell stands at %+v", round, l)
		}
		found, err := p.Findings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 || !strings.HasPrefix(found[0].ID, "bell.") {
			t.Errorf("after %d restarts the gravest finding is %+v", round, found)
		}
		told := map[string]bool{}
		for _, f := range found {
			if told[f.ID] {
				t.Errorf("%s is told twice", f.ID)
			}
			told[f.ID] = true
		}
	}
}
