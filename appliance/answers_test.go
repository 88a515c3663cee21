package appliance_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/appliancetest/mailbox"
	"nightbell/appliance/appliancetest/ntfy"
	"nightbell/appliance/escalation"
	"nightbell/appliance/finding"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

const (
	accessToken = "tk_of_the_practice"
	topic       = "okafor-k7fm"
	okaforsMail = "okafor@example.com"
)

// doctor adds Dr. Okafor, on call, reached by push and by mail.
func doctor(t *testing.T, p *appliancetest.Practice) message.PersonID {
	t.Helper()
	id := p.AddPerson(appliancetest.Login{Name: "okafor", Password: "seven quiet herons at the lake"}, okaforsMail, access.Provider)
	if err := p.SetReach(t.Context(), "test", id, oncall.Reach{Ways: []oncall.Way{{Kind: "ntfy", Address: topic}}}); err != nil {
		t.Fatal(err)
	}
	if err := p.SetOnCallByName(t.Context(), "test", []string{"okafor"}); err != nil {
		t.Fatal(err)
	}
	return id
}

func set(t *testing.T, p *appliancetest.Practice, values map[settings.Key]string) {
	t.Helper()
	if err := p.SetSettings(t.Context(), "test", values); err != nil {
		t.Fatal(err)
	}
}

// withNtfy starts an ntfy server and sets it as the practice's.
func withNtfy(t *testing.T, p *appliancetest.Practice) *ntfy.Server {
	t.Helper()
	s, err := ntfy.Start(accessToken, "replies")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	t.Cleanup(func() {
		if n := s.Unexpected(topic); n > 0 {
			t.Errorf("%d notices went out that nobody expected", n)
		}
	})
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := s.CA.WriteFile(ca); err != nil {
		t.Fatal(err)
	}
	set(t, p, map[settings.Key]string{settings.NtfyServer: s.URL, settings.NtfyReplies: "replies", settings.ChannelsCA: ca})
	if err := p.SetSecretFile(t.Context(), "test", settings.NtfyTokenFile, "", accessToken); err != nil {
		t.Fatal(err)
	}
	return s
}

// withMailbox starts a mailbox and sets it as that of replies.
func withMailbox(t *testing.T, p *appliancetest.Practice) *mailbox.Server {
	t.Helper()
	s, err := mailbox.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := s.CA.WriteFile(ca); err != nil {
		t.Fatal(err)
	}
	set(t, p, map[settings.Key]string{settings.RepliesServer: "imaps://" + s.Addr, settings.RepliesUser: mailbox.User, settings.ChannelsCA: ca})
	if err := p.SetSecretFile(t.Context(), "test", settings.RepliesFile, "", mailbox.Password); err != nil {
		t.Fatal(err)
	}
	return s
}

func urgent(t *testing.T, p *appliancetest.Practice) message.ID {
	t.Helper()
	user, _ := p.AddDevice("line")
	r, err := p.Intake.Take(t.Context(), intake.Taking{Type: message.TypeUrgent, Channel: message.ChannelAPI, Device: message.DeviceID(user),
		Form: map[string]message.Clear{"caller": "Marisol Quintero", "callback": "503 555 0123", "symptoms": "chest pain"}})
	if err != nil {
		t.Fatal(err)
	}
	return r.ID
}

func envelope(t *testing.T, p *appliancetest.Practice, id message.ID) (e message.Envelope) {
	t.Helper()
	err := p.Store.View(func(tx *store.Tx) (err error) {
		e, _, err = store.GetEnvelope(tx, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func has(t *testing.T, p *appliancetest.Practice, id string) bool {
	t.Helper()
	found, err := p.Findings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(found, func(f finding.Finding) bool { return f.ID == id })
}

func pushes(t *testing.T, s *ntfy.Server, n int) []ntfy.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	list, err := s.Wait(ctx, topic, n)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestTakenFromTheLockScreen is the whole way without an inbound port: push out,
// button, answer in, while nobody reads.
func TestTakenFromTheLockScreen(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.Locked)
	who := doctor(t, p)
	s := withNtfy(t, p)
	id := urgent(t, p)
	push := pushes(t, s, 1)[0]
	for _, hidden := range []string{"Marisol", "Quintero", "0123", "chest"} {
		if strings.Contains(push.Title+push.Message+push.Click, hidden) {
			t.Errorf("%q stands in the push", hidden)
		}
	}
	if err := s.Press(t.Context(), push, "Take it"); err != nil {
		t.Fatal(err)
	}
	p.Until(t, "taken", func() bool { return envelope(t, p, id).Assignee == who })
	p.Advance(time.Second)
	if err := s.Press(t.Context(), push, "Not me"); err != nil {
		t.Fatal(err)
	}
	anew := pushes(t, s, 2)[1] // given back: it rings anew, and the tokens of before are dead
	if err := s.Press(t.Context(), push, "Take it"); err != nil {
		t.Fatal(err)
	}
	p.Until(t, "counted", func() bool { return refused(p, notify.KindNtfy) == 1 })
	if e := envelope(t, p, id); e.Assignee != "" {
		t.Error("it was taken by a token of a bout that is over")
	}
	if err := s.Press(t.Context(), anew, "Take it"); err != nil {
		t.Fatal(err)
	}
	p.Until(t, "taken again", func() bool { return envelope(t, p, id).Assignee == who })
	if bytes.Contains(p.Logs.Bytes(), []byte(push.Actions[0].Body)) {
		t.Error("a token stands in the log")
	}
}

func refused(p *appliancetest.Practice, kind notify.Kind) (n int) {
	_ = p.Store.View(func(tx *store.Tx) error {
		for _, count := range notify.HeardOf(tx, kind).Refused {
			n += count
		}
		return nil
	})
	return n
}

// TestAReplyCountsFromThePersonItWasSentToAlone answers by mail: first somebody
// else, then a machine of the doctor's, then the doctor.
func TestAReplyCountsFromThePersonItWasSentToAlone(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.Locked, appliancetest.WithSmarthost)
	who := doctor(t, p)
	s := withMailbox(t, p)
	id := urgent(t, p)
	mail := string(p.Received(t, 1)[0].Data)
	token, found := notify.FindToken(mail)
	if !found {
		t.Fatalf("the mail carries no token:\n%s", mail)
	}
	reply := func(from, header string) {
		s.Deliver("From: <"+from+">\r\nSubject: Re: waits\r\n"+header+"\r\nTAKE\r\n\r\n> Answer code: "+token.Reveal()+"\r\n", p.Clock.Now())
	}
	reply("mallory@example.com", "")
	reply(okaforsMail, "Auto-Submitted: auto-replied\r\n")
	p.Until(t, "both counted", func() bool { return refused(p, notify.KindMail) == 2 })
	if e := envelope(t, p, id); e.Status != message.New {
		t.Fatal("it was taken by somebody else's reply, or by a machine's")
	}
	reply(okaforsMail, "")
	p.Until(t, "taken", func() bool { return envelope(t, p, id).Assignee == who })
}

// TestATypedCodeIsNotGuessed: after a few wrong ones from a number no code from it
// counts for a while, and the person still answers by other ways.
func TestATypedCodeIsNotGuessed(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.Locked, appliancetest.WithSmarthost)
	who := doctor(t, p)
	if err := p.SetReach(t.Context(), "test", who, oncall.Reach{Ways: []oncall.Way{{Kind: "sms", Address: "+15035550123"}}}); err != nil {
		t.Fatal(err)
	}
	id := urgent(t, p)
	p.Received(t, 1)
	var bell escalation.Live
	if err := p.Store.View(func(tx *store.Tx) (err error) { bell, _, err = p.Bell.Of(tx, id, p.Clock.Now()); return err }); err != nil {
		t.Fatal(err)
	}
	token := p.Tokens.For(id, bell.Number, who, bell.Bout)
	says := func(code string) notify.RefusedFor {
		err := p.Answered(t.Context(), notify.Answered{By: notify.KindSMS, From: "+1 (503) 555-0123", Code: code, What: message.AnswerTake})
		var refused *notify.Refusal
		if errors.As(err, &refused) {
			return refused.Why
		}
		if err != nil {
			t.Fatal(err)
		}
		return ""
	}
	for range 5 {
		if why := says("AAAAAA"); why != notify.RefusedToken {
			t.Fatalf("a wrong code is refused for %q", why)
		}
	}
	if why := says(token.Code()); why != notify.RefusedGuesses {
		t.Errorf("the right code after five wrong ones is refused for %q", why)
	}
	if envelope(t, p, id).Status != message.New {
		t.Error("it was taken by a guess")
	}
	p.Advance(15 * time.Minute)
	p.Received(t, 2) // it rang again meanwhile
	if err := p.Store.View(func(tx *store.Tx) (err error) { bell, _, err = p.Bell.Of(tx, id, p.Clock.Now()); return err }); err != nil {
		t.Fatal(err)
	}
	if why := says(p.Tokens.For(id, bell.Number, who, bell.Bout).Code()); why != "" {
		t.Errorf("a quarter of an hour later it is refused for %q", why)
	}
}

// TestReadyWhenAPersonAnswered: that a notice was handed over proves nothing.
func TestReadyWhenAPersonAnswered(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.Locked)
	who := doctor(t, p)
	s := withNtfy(t, p)
	if !has(t, p, notify.NeverAnswered) {
		t.Error("ready, though nobody ever answered")
	}
	way := notify.Way{Kind: notify.KindNtfy, To: topic}
	if err := p.TestNotice(t.Context(), "rosa", who, way); err != nil {
		t.Fatal(err)
	}
	push := pushes(t, s, 1)[0]
	if !has(t, p, notify.NeverAnswered) {
		t.Error("ready, though the test was only sent")
	}
	if err := s.Press(t.Context(), push, "Take it"); err != nil {
		t.Fatal(err)
	}
	p.Until(t, "ready", func() bool { return !has(t, p, notify.NeverAnswered) })
	var reach oncall.Reach
	_ = p.Store.View(func(tx *store.Tx) (err error) {
		reach, err = oncall.ReachOf(tx, who)
		return err
	})
	if len(reach.Ways) == 0 || reach.Ways[0].ConfirmedAt.IsZero() || reach.Ways[0].TestedAt.IsZero() {
		t.Errorf("the way is %+v", reach.Ways)
	}
	if err := p.TestNotice(t.Context(), "rosa", who, notify.Way{Kind: notify.KindWebhook, To: "17"}); err == nil {
		t.Error("a test went out by a channel that is not set up")
	}
}

func TestAFailedTestIsKept(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.Locked)
	who := doctor(t, p)
	s := withNtfy(t, p)
	s.Token = "another"
	if err := p.TestNotice(t.Context(), "rosa", who, notify.Way{Kind: notify.KindNtfy, To: topic}); err != nil {
		t.Fatal(err)
	}
	p.Until(t, "failed", func() bool {
		var reach oncall.Reach
		_ = p.Store.View(func(tx *store.Tx) (err error) {
			reach, err = oncall.ReachOf(tx, who)
			return err
		})
		return len(reach.Ways) > 0 && !reach.Ways[0].FailedAt.IsZero()
	})
}

// TestASecretGoesToItsOwnServerAlone: whoever changes the server gets no token
// that was given for another.
func TestASecretGoesToItsOwnServerAlone(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.Locked)
	who := doctor(t, p)
	withNtfy(t, p)
	other, err := ntfy.Start(accessToken, "replies")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := other.CA.WriteFile(ca); err != nil {
		t.Fatal(err)
	}
	set(t, p, map[settings.Key]string{settings.NtfyServer: other.URL, settings.ChannelsCA: ca})
	if err := p.TestNotice(t.Context(), "rosa", who, notify.Way{Kind: notify.KindNtfy, To: topic}); err != nil {
		t.Fatal(err)
	}
	p.Until(t, "refused there", func() bool { return has(t, p, "channel.fails/ntfy") })
	var refusal *settings.Refused
	if err := p.SetSettings(t.Context(), "rosa", map[settings.Key]string{settings.NtfyTokenFile: "/tmp/x"}); !errors.As(err, &refusal) {
		t.Errorf("a file without what it holds answered %v", err)
	}
}

func TestPushIsNeverTheOnlyChannel(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.Locked)
	who := doctor(t, p)
	withNtfy(t, p)
	if !has(t, p, "channel.one-kind/"+string(who)) {
		t.Error("a push alone, and no finding")
	}
}

func TestSomebodyIsReachedInTheOrderThatTheyChose(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.Locked, appliancetest.WithSmarthost)
	who := doctor(t, p)
	withNtfy(t, p)
	push, mail := oncall.Way{Kind: "ntfy", Address: topic}, oncall.Way{Kind: "mail", Address: okaforsMail}
	for _, ways := range [][]oncall.Way{{push, mail}, {mail, push}} {
		if err := p.SetReach(t.Context(), "test", who, oncall.Reach{Ways: ways}); err != nil {
			t.Fatal(err)
		}
		var kinds []notify.Kind
		err := p.Store.View(func(tx *store.Tx) (err error) { kinds, _, err = p.Bell.Reached(tx, who, p.Clock.Now()); return err })
		if want := []notify.Kind{notify.Kind(ways[0].Kind), notify.Kind(ways[1].Kind)}; err != nil || !slices.Equal(kinds, want) {
			t.Errorf("reached by %v, not %v: %v", kinds, want, err)
		}
	}
}
