package notify_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nightbell/appliance/appliancetest/mailbox"
	"nightbell/appliance/appliancetest/ntfy"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// ears listens and keeps what was answered.
type ears struct {
	*practice
	hearing *notify.Hearing
	stop    func()

	mu    sync.Mutex
	heard []notify.Answered
	came  chan struct{}
	say   error // what Answered answers
}

func (e *ears) Answered(_ context.Context, a notify.Answered) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.say != nil {
		err := e.say
		e.say = nil
		e.came <- struct{}{}
		return err
	}
	e.heard = append(e.heard, a)
	e.came <- struct{}{}
	return nil
}

func (e *ears) answers() (list []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range e.heard {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s %s", a.What, a.Number, a.From)))
	}
	return list
}

func newEars(t *testing.T) *ears {
	t.Helper()
	return &ears{practice: newPractice(t), came: make(chan struct{}, 100)}
}

// listen begins to listen, at first and after an end.
func (e *ears) listen() {
	e.t.Helper()
	e.hearing = notify.NewHearing(notify.HearingOptions{
		Outbox: e.outbox, Answers: e, Listeners: []notify.Listener{notify.NewNtfyReplies(), notify.NewMailbox()},
	})
	ctx, cancel := context.WithCancel(e.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.hearing.Run(ctx) }()
	e.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			e.t.Error(err)
		}
	})
	e.t.Cleanup(e.stop)
}

// next waits for one more answer.
func (e *ears) next() {
	e.t.Helper()
	select {
	case <-e.came:
	case <-time.After(patience):
		e.t.Fatalf("no answer was heard; heard %v", e.answers())
	}
}

// goesOn waits until a channel is not heard, and lets it connect anew.
func (e *ears) goesOn(kind notify.Kind) {
	e.t.Helper()
	e.until("not heard", func() bool { return e.state(kind).Fails })
	e.clock.Advance(time.Second)
}

func (e *ears) state(kind notify.Kind) (h notify.Heard) {
	_ = e.store.View(func(tx *store.Tx) error {
		h = notify.HeardOf(tx, kind)
		return nil
	})
	return h
}

func (e *ears) findings() (ids []string) {
	_ = e.store.View(func(tx *store.Tx) error {
		for _, f := range e.hearing.Findings(tx, e.clock.Now()) {
			ids = append(ids, f.ID)
		}
		return nil
	})
	return ids
}

func (e *ears) replies(kind notify.Kind) (yes bool) {
	_ = e.store.View(func(tx *store.Tx) error {
		yes = e.hearing.Replies(tx, kind)
		return nil
	})
	return yes
}

func tokenOf(n int) notify.Token {
	return tokens().For(notice(n, 1).Message, notice(n, 1).Number, "p1", bout)
}

func (e *ears) useNtfy() *ntfy.Server {
	e.t.Helper()
	s, err := ntfy.Start(secret(notify.SecretNtfy, ""), "replies-x9")
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(s.Close)
	ca := filepath.Join(e.t.TempDir(), "ca.pem")
	if err := s.CA.WriteFile(ca); err != nil {
		e.t.Fatal(err)
	}
	setUp(e.t, e.store, s.URL, ca)
	return s
}

func TestAPushIsAnsweredByItsButton(t *testing.T) {
	e := newEars(t)
	s := e.useNtfy()
	e.listen()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	e.ring(notify.KindNtfy, 1, 1)
	pushes, err := s.Wait(ctx, "okafor-k7fm", 1)
	if err != nil {
		t.Fatal(err)
	}
	if m := pushes[0]; m.Priority != 5 || m.Title != "Urgent clinical call N-1042 waits" {
		t.Errorf("the push is %+v", m)
	}
	for _, label := range []string{"Take it", "Not me", "In 10 minutes"} {
		if err := s.Press(ctx, pushes[0], label); err != nil {
			t.Fatal(err)
		}
		e.next()
	}
	if got := e.answers(); !slices.Equal(got, []string{"take N-1042", "decline N-1042", "snooze N-1042"}) {
		t.Errorf("heard %v", got)
	}
	if e.heard[0].Token != tokenOf(1) || e.heard[0].By != notify.KindNtfy {
		t.Error("the answer is not that of the notice")
	}
}

// TestNoAnswerIsLostOrHeardTwice cuts the stream, and ends the whole appliance,
// while people answer.
func TestNoAnswerIsLostOrHeardTwice(t *testing.T) {
	e := newEars(t)
	s := e.useNtfy()
	e.listen()
	answer := func(n int) { s.Publish("replies-x9", "take "+tokenOf(n).Reveal()) }
	answer(1)
	e.next()
	s.Cut()
	answer(2)
	e.goesOn(notify.KindNtfy)
	e.next()
	e.stop()
	answer(3)
	e.listen()
	e.next()
	if got := e.answers(); !slices.Equal(got, []string{"take N-1042", "take N-1043", "take N-1044"}) {
		t.Errorf("heard %v", got)
	}
}

func TestAnAnswerThatCouldNotBeLookedAtIsHeardAgain(t *testing.T) {
	e := newEars(t)
	s := e.useNtfy()
	e.say = context.DeadlineExceeded
	e.listen()
	s.Publish("replies-x9", "take "+tokenOf(1).Reveal())
	e.next()
	e.goesOn(notify.KindNtfy)
	e.next()
	if len(e.answers()) != 1 {
		t.Errorf("heard %v", e.answers())
	}
}

func TestWhatIsNoAnswerIsCountedAndSaid(t *testing.T) {
	e := newEars(t)
	s := e.useNtfy()
	e.say = &notify.Refusal{Why: notify.RefusedToken}
	e.listen()
	s.Publish("replies-x9", "take "+tokenOf(1).Reveal())
	for _, text := range []string{"hello", "take", "take k7fm2x"} {
		s.Publish("replies-x9", text)
	}
	e.until("counted", func() bool { return e.state(notify.KindNtfy).RefusedRow == 4 })
	want := map[notify.RefusedFor]int{notify.RefusedToken: 1, notify.RefusedNoWord: 1, notify.RefusedNoToken: 2}
	for why, n := range want {
		if got := e.state(notify.KindNtfy).Refused[why]; got != n {
			t.Errorf("%s was counted %d times, want %d", why, got, n)
		}
	}
	if got := e.findings(); !slices.Contains(got, "answers.refused/ntfy") {
		t.Errorf("findings %v", got)
	}
	s.Publish("replies-x9", "take "+tokenOf(2).Reveal())
	e.until("one that counts", func() bool { return e.state(notify.KindNtfy).RefusedRow == 0 })
}

func TestAnswersThatAreNotHeardAreAFinding(t *testing.T) {
	e := newEars(t)
	s := e.useNtfy()
	s.Token = "changed"
	e.listen()
	e.until("deaf", func() bool { return e.state(notify.KindNtfy).Fails })
	if !e.replies(notify.KindNtfy) {
		t.Error("a line that broke a moment ago is said to be dead")
	}
	e.clock.Advance(3 * time.Minute)
	if got := e.findings(); !slices.Equal(got, []string{"answers.unheard/ntfy"}) {
		t.Errorf("findings %v", got)
	}
	if e.replies(notify.KindNtfy) || e.replies(notify.KindMail) {
		t.Error("people are told to answer where nobody hears")
	}
}

func (e *ears) useMailbox() *mailbox.Server {
	e.t.Helper()
	s, err := mailbox.Start()
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(s.Close)
	ca := filepath.Join(e.t.TempDir(), "ca.pem")
	if err := s.CA.WriteFile(ca); err != nil {
		e.t.Fatal(err)
	}
	e.update(func(tx *store.Tx) error {
		for _, kept := range [][2]string{{"replies.server", "imaps://" + s.Addr}, {"replies.user", mailbox.User}, {"channels.ca", ca}} {
			if err := settings.Set(tx, settings.Key(kept[0]), kept[1]); err != nil {
				return err
			}
		}
		return nil
	})
	return s
}

func reply(header, text string) string {
	return "From: Dr. Okafor <Okafor@Example.com>\r\nTo: bell@example.com\r\nSubject: Re: Urgent clinical call N-1042 waits\r\n" + header +
		"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text + "\r\n"
}

func quoted(n int) string {
	return "\r\n> Urgent clinical call waits for somebody to take it.\r\n> TAKE (I take it), NO (I cannot), or 10\r\n> Answer code: " + tokenOf(n).Reveal() + "\r\n"
}

func TestANoticeIsAnsweredByAReplyToTheMail(t *testing.T) {
	e := newEars(t)
	s := e.useMailbox()
	e.listen()
	for n, word := range []string{"TAKE", "no.", "10 min please"} {
		s.Deliver(reply("", word+quoted(n+1)), e.clock.Now())
		e.next()
	}
	if got := e.answers(); !slices.Equal(got, []string{"take N-1042 okafor@example.com", "decline N-1043 okafor@example.com", "snooze N-1044 okafor@example.com"}) {
		t.Errorf("heard %v", got)
	}
}

// TestAnOutOfOfficeReplyQuotingTheTokenSilencesNothing lets everything that
// machines write come in, and then one reply of a person.
func TestAnOutOfOfficeReplyQuotingTheTokenSilencesNothing(t *testing.T) {
	e := newEars(t)
	s := e.useMailbox()
	e.listen()
	for _, header := range []string{
		"Auto-Submitted: auto-replied\r\n", "Auto-Submitted: auto-generated\r\n", "auto-submitted: Auto-Replied (vacation)\r\n",
		"Precedence: bulk\r\n", "Precedence: auto_reply\r\n", "X-Autoreply: yes\r\n", "Return-Path: <>\r\n",
	} {
		s.Deliver(reply(header, "TAKE"+quoted(1)), e.clock.Now())
	}
	s.Deliver(reply("", "I am out of the office until Monday.\r\n"+quoted(1)), e.clock.Now())
	s.Deliver(reply("", "> TAKE\r\n"+quoted(1)), e.clock.Now())
	s.Deliver(reply("", "Take care, I am away"+quoted(1)), e.clock.Now())
	s.Deliver(reply("", "TAKE\r\n"), e.clock.Now())
	s.Deliver(reply("Auto-Submitted: no\r\n", "TAKE"+quoted(2)), e.clock.Now())
	e.next()
	if got := e.answers(); !slices.Equal(got, []string{"take N-1043 okafor@example.com"}) {
		t.Errorf("heard %v", got)
	}
	h := e.state(notify.KindMail)
	if h.Refused[notify.RefusedAutomatic] != 7 || h.Refused[notify.RefusedNoWord] != 3 || h.Refused[notify.RefusedNoToken] != 1 {
		t.Errorf("counted %v", h.Refused)
	}
}

// TestNoReplyIsLostOrReadTwice cuts the connection, ends the appliance, and has
// the mailbox number its mails anew.
func TestNoReplyIsLostOrReadTwice(t *testing.T) {
	e := newEars(t)
	s := e.useMailbox()
	s.Deliver(reply("", "TAKE"+quoted(9)), bout.Add(-72*time.Hour)) // of another week
	s.Deliver(reply("", "TAKE"+quoted(1)), e.clock.Now())
	e.listen()
	e.next()
	s.Cut()
	e.goesOn(notify.KindMail)
	s.Deliver(reply("", "TAKE"+quoted(2)), e.clock.Now())
	e.next()
	e.stop()
	s.Deliver(reply("", "TAKE"+quoted(3)), e.clock.Now())
	e.listen()
	e.next()
	want := []string{"N-1042", "N-1043", "N-1044"}
	for i, a := range e.answers() {
		if !strings.Contains(a, want[i]) {
			t.Errorf("heard %v", e.answers())
		}
	}
	e.stop()
	s.Renumber()
	e.listen()
	for range 3 {
		e.next() // whoever checks them sees that they are of a bout that is over
	}
	if len(e.answers()) != 6 {
		t.Errorf("heard %v", e.answers())
	}
}

// TestReplyWithALargeSignatureIsRead: what lies behind the limit is cut off, in
// the middle of a part.
func TestReplyWithALargeSignatureIsRead(t *testing.T) {
	for _, text := range []string{
		"Content-Type: text/plain\r\n\r\nTAKE\r\n" + quoted(1),
		"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nTAKE\r\n" + quoted(1) +
			"\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>TAKE</p>\r\n--b--\r\n",
		"Content-Type: text/html\r\n\r\n<html><body><div>TAKE</div><blockquote>Answer code: " + tokenOf(1).Reveal() + "</blockquote></body></html>\r\n",
	} {
		whole := "From: okafor@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=a\r\n\r\n--a\r\n" + text +
			"\r\n--a\r\nContent-Type: image/png; name=logo.png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk\r\n", 3000) + "--a--\r\n"
		if a, why := notify.ReadMail([]byte(whole[:64<<10])); why != "" || a.Token != tokenOf(1) || a.What != message.AnswerTake {
			t.Errorf("%.60q is refused for %q", text, why)
		}
	}
}

func FuzzParseReply(f *testing.F) {
	token := tokenOf(1).Reveal()
	for _, s := range []string{"TAKE\n> " + token, "no", "10 k7fm2x", "Take N-1042 " + token, "yes\r\n\r\n" + token, "I am out until the 10th\n" + token} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, why := notify.ParseReply(text)
		if (a.What == "") != (why == notify.RefusedNoWord) || why == "" && a.Token == "" && a.Code == "" {
			t.Fatalf("%q is %q, refused for %q", text, a.What, why)
		}
		first := ""
		for line := range strings.Lines(text) {
			if first = strings.TrimSpace(line); first != "" {
				break
			}
		}
		if why == "" && (strings.HasPrefix(first, ">") || len(first) > 200) {
			t.Fatalf("%q answers", first)
		}
	})
}

func FuzzReadMail(f *testing.F) {
	f.Add([]byte(reply("", "TAKE"+quoted(1))))
	f.Add([]byte(reply("Auto-Submitted: auto-replied\r\n", "TAKE"+quoted(1))))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if a, why := notify.ReadMail(raw); why == "" && (a.What == "" || a.Token == "" || a.From == "") {
			t.Fatalf("an answer without %v", a)
		}
	})
}

func TestWordsThatAnswer(t *testing.T) {
	for line, want := range map[string]message.Answer{
		"TAKE": message.AnswerTake, "take it": message.AnswerTake, " Yes. ": message.AnswerTake, "1": message.AnswerTake, "OK, thanks": message.AnswerTake,
		"NO": message.AnswerDecline, "2": message.AnswerDecline, "10": message.AnswerSnooze, "10 minutes": message.AnswerSnooze,
		"TAKE N-1042": message.AnswerTake, "I take it": "", "Not now": "", "Out of office": "", "Takes": "", "": "",
		"no longer at this practice": "", "Yes I will be back on the 10th": "", "10 November": "", "OK (automatic reply)": "", "take care": "",
	} {
		a, _ := notify.ParseReply(line + "\n\n" + tokenOf(1).Reveal())
		if a.What != want {
			t.Errorf("%q is %q, want %q", line, a.What, want)
		}
	}
}
