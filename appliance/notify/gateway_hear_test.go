package notify_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/notify/gatewaytest"
	"nightbell/appliance/store"
)

func TestATextIsAnsweredByAText(t *testing.T) {
	eachProvider(t, notify.KindSMS, func(t *testing.T, p *practice, g *gatewaytest.Gateway) {
		e := p.listen(notify.KindSMS)
		p.ring(notify.KindSMS, 1, 1)
		g.Taken(t, 1)
		p.handedOver()
		g.Reply(okaforPhone, "1 "+strings.ToUpper(code(1)))
		g.Reply("+12125550177", "2 "+code(1)+" sorry") // no answer: there is more in it
		g.Reply("+12125550177", "2 "+code(1))          // somebody else: whoever is given it looks at From
		e.look()
		got := e.answers()
		if len(got) != 2 {
			t.Fatalf("heard %d answers, want 2", len(got))
		}
		slices.SortFunc(got, func(a, b notify.Answered) int { return strings.Compare(a.From, b.From) })
		for i, want := range []notify.Answered{
			{What: message.AnswerTake, From: okaforPhone, Code: code(1)}, {What: message.AnswerDecline, From: "+12125550177", Code: code(1)},
		} {
			if got[i].What != want.What || got[i].From != want.From || got[i].Code != want.Code || got[i].By != notify.KindSMS || got[i].Token != "" {
				t.Errorf("heard %s from %s by %s", got[i].What, got[i].From, got[i].By)
			}
		}
		e.look()
		if n := len(e.answers()); n != 2 {
			t.Errorf("asked once more, %d answers were heard", n)
		}
		noSecretIn(t, g)
	})
}

// TestNoReplyIsLostOrHeardTwice: over a restart, over a gateway that is away, and
// over an answer that could not be taken in.
func TestNoReplyIsLostOrHeardTwice(t *testing.T) {
	eachProvider(t, notify.KindSMS, func(t *testing.T, p *practice, g *gatewaytest.Gateway) {
		g.ListBy(2) // lists of several pages
		e := p.listen(notify.KindSMS)
		p.ring(notify.KindSMS, 1, 1)
		p.handedOver()
		for range 7 {
			g.Reply("+12125550177", "Who is this?")
		}
		e.look()
		e.fail(errors.New("the store is full"))
		g.Reply(okaforPhone, "1 "+code(1))
		e.look()
		e.fail(nil)
		g.Down(true)
		e.look()
		if n := len(e.answers()); n != 0 {
			t.Fatalf("heard %d answers while none could be taken", n)
		}
		e.stop()
		p.stop()
		if err := p.store.Close(); err != nil {
			t.Fatal(err)
		}
		g.Down(false)
		g.Reply(okaforPhone, "3 "+code(1)) // while nobody listened
		p.clock.Advance(10 * time.Minute)
		p.start()
		e = p.listen(notify.KindSMS)
		e.look()
		e.look()
		e.stop()
		e2 := p.listen(notify.KindSMS)
		e2.look()
		got := append(e.answers(), e2.answers()...)
		slices.SortFunc(got, func(a, b notify.Answered) int { return strings.Compare(string(a.What), string(b.What)) })
		if len(got) != 2 || got[0].What != message.AnswerSnooze || got[1].What != message.AnswerTake {
			t.Errorf("heard %d answers, want the two that came, once each", len(got))
		}
	})
}

// TestAWrongClockHearsAllTheSame: the gateway's own clock says what is new.
func TestAWrongClockHearsAllTheSame(t *testing.T) {
	for _, off := range []time.Duration{-72 * time.Hour, 72 * time.Hour} {
		for _, name := range gatewaytest.Providers {
			t.Run(name+" "+off.String(), func(t *testing.T) {
				p := newPractice(t)
				g := p.provider(name)
				g.ClockOff(off)
				e := p.listen(notify.KindSMS)
				p.ring(notify.KindSMS, 1, 1)
				p.handedOver()
				g.Reply(okaforPhone, "1 "+code(1))
				e.look()
				e.look()
				if n := len(e.answers()); n != 1 {
					t.Errorf("heard %d answers", n)
				}
			})
		}
	}
}

func TestNothingIsAskedWhileNothingCanBeAnswered(t *testing.T) {
	p := newPractice(t)
	g := p.provider("twilio")
	e := p.listen(notify.KindSMS)
	e.look()
	e.look()
	if n := g.Asked(); n != 0 {
		t.Errorf("%d requests before a page went out", n)
	}
	p.ring(notify.KindSMS, 1, 1)
	p.handedOver()
	e.look()
	if n := g.Asked(); n < 2 {
		t.Errorf("%d requests after one", n)
	}
	p.clock.Advance(25 * time.Hour)
	e.look()
	before := g.Asked()
	e.look()
	if n := g.Asked() - before; n != 0 {
		t.Errorf("%d requests after a day", n)
	}
}

// TestLateRepeatedOrOutOfOrderReportsNeverTurnAFailureIntoASuccess.
func TestLateRepeatedOrOutOfOrderReportsNeverTurnAFailureIntoASuccess(t *testing.T) {
	eachProvider(t, notify.KindSMS, func(t *testing.T, p *practice, g *gatewaytest.Gateway) {
		e := p.listen(notify.KindSMS)
		p.ring(notify.KindSMS, 1, 1)
		sent := g.Taken(t, 1)
		p.handedOver()
		e.look()
		if got := p.outcomes(); len(got) != 1 {
			t.Fatalf("while it is on its way: %v", got)
		}
		g.Becomes(sent.Ref, gatewaytest.Lost)
		e.look()
		g.Becomes(sent.Ref, gatewaytest.Delivered)
		e.look()
		g.Becomes(sent.Ref, gatewaytest.Lost)
		e.look()
		if got := p.outcomes(); !slices.Equal(got, []string{"delivered sms", "failed sms"}) {
			t.Errorf("heard %v", got)
		}
		if got, why := p.condition(notify.KindSMS); got != notify.Doubtful || why == "" {
			t.Errorf("the number is %d (%s)", got, why)
		}
		if len(e.answers()) != 0 {
			t.Error("a delivery report answered the bell")
		}
	})
}

func TestATextThatArrivedAcknowledgesNothing(t *testing.T) {
	eachProvider(t, notify.KindSMS, func(t *testing.T, p *practice, g *gatewaytest.Gateway) {
		e := p.listen(notify.KindSMS)
		p.ring(notify.KindSMS, 1, 1)
		sent := g.Taken(t, 1)
		p.handedOver()
		g.Becomes(sent.Ref, gatewaytest.Delivered)
		e.look()
		g.Becomes(sent.Ref, gatewaytest.Lost) // out of order: it is on the phone already
		e.look()
		if got := p.outcomes(); !slices.Equal(got, []string{"delivered sms"}) || len(e.answers()) != 0 {
			t.Errorf("heard %v and %d answers", got, len(e.answers()))
		}
		g.Reply(okaforPhone, "1 "+code(1))
		e.look()
		if len(e.answers()) != 1 {
			t.Error("after the report, the reply is not heard any more")
		}
	})
}

func TestACallIsAnsweredByAKey(t *testing.T) {
	for key, want := range map[string]message.Answer{"1": message.AnswerTake, "2": message.AnswerDecline, "3": message.AnswerSnooze} {
		t.Run(key, func(t *testing.T) {
			eachProvider(t, notify.KindVoice, func(t *testing.T, p *practice, g *gatewaytest.Gateway) {
				e := p.listen(notify.KindVoice)
				p.ring(notify.KindVoice, 1, 1)
				call := g.Taken(t, 1)
				p.handedOver()
				e.look()
				g.Press(call.Ref, key)
				e.look()
				e.look()
				got := e.answers()
				if len(got) != 1 || got[0].What != want || got[0].Token != token(1) || got[0].From != okaforPhone || got[0].Person != "p1" || got[0].By != notify.KindVoice {
					t.Errorf("heard %d answers: %+v", len(got), got)
				}
				noSecretIn(t, g)
			})
		})
	}
}

func TestACallThatWentToVoicemailIsNotAnAcknowledgement(t *testing.T) {
	eachProvider(t, notify.KindVoice, func(t *testing.T, p *practice, g *gatewaytest.Gateway) {
		e := p.listen(notify.KindVoice)
		p.ring(notify.KindVoice, 1, 1)
		call := g.Taken(t, 1)
		p.handedOver()
		g.Becomes(call.Ref, gatewaytest.Voicemail)
		e.look()
		g.Press(call.Ref, "9") // a key that means nothing
		e.look()
		if n := len(e.answers()); n != 0 {
			t.Errorf("heard %d answers", n)
		}
	})
}

func TestACallThatNobodyPicksUpHasFailed(t *testing.T) {
	eachProvider(t, notify.KindVoice, func(t *testing.T, p *practice, g *gatewaytest.Gateway) {
		e := p.listen(notify.KindVoice)
		p.ring(notify.KindVoice, 1, 1)
		call := g.Taken(t, 1)
		p.handedOver()
		g.Becomes(call.Ref, gatewaytest.Lost)
		e.look()
		e.look()
		if got := p.outcomes(); !slices.Equal(got, []string{"delivered voice", "failed voice"}) {
			t.Errorf("heard %v", got)
		}
	})
}

func TestAGatewayThatIsNotHeardIsSaid(t *testing.T) {
	eachProvider(t, notify.KindSMS, func(t *testing.T, p *practice, g *gatewaytest.Gateway) {
		e := p.listen(notify.KindSMS)
		p.ring(notify.KindSMS, 1, 1)
		p.handedOver()
		g.Down(true)
		e.look()
		deaf := func() (h notify.Heard) {
			_ = p.store.View(func(tx *store.Tx) error { h = notify.HeardOf(tx, notify.KindSMS); return nil })
			return h
		}
		p.until("it is said", func() bool { h := deaf(); return h.Fails && strings.Contains(h.Why, "502") })
		g.Down(false)
		e.look()
		p.until("it is back", func() bool { return !deaf().Fails })
	})
}
