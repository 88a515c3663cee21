package notify

import (
	"context"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// keys are what the keys of a phone answer in a call.
var keys = map[string]message.Answer{"1": message.AnswerTake, "2": message.AnswerDecline, "3": message.AnswerSnooze}

// fates asks what became of pages that nothing final is known of.
func (s *heard) fates(ctx context.Context, open map[string]handed) error {
	asked, failed, last := 0, 0, ""
	for ref, h := range open {
		if h.Failed || h.Settled || !s.due(ref, h) {
			continue
		}
		s.asked[ref] = s.line.Now()
		asked++
		f, why := s.api.fate(ctx, s.asker(), handedRef{kind: s.ear.kind, ref: ref, at: h.At.Add(s.skew)})
		if why != "" {
			failed, last = failed+1, why
			continue
		}
		if err := s.settle(ctx, ref, h, f); err != nil {
			return err
		}
	}
	if asked > 0 && failed == asked {
		return &Deaf{last}
	}
	return nil
}

// due says whether to ask again: a call each time while a key may come, a text
// the more rarely the older it is.
func (s *heard) due(ref string, h handed) bool {
	now := s.line.Now()
	if s.ear.kind == KindVoice {
		return now.Sub(h.At) < callLasts
	}
	return now.Sub(s.asked[ref]) >= now.Sub(h.At)/4
}

// settle hands on a key that was pressed, and writes down what is final. What is
// final once is not asked for again: whatever a gateway says later changes nothing.
func (s *heard) settle(ctx context.Context, ref string, h handed, f fate) error {
	what, answered := keys[f.pressed]
	if answered {
		token := Token(h.Token)
		a := Answered{What: what, From: h.To, Person: h.Page.Person, Token: token, Number: token.Number()}
		if err := s.line.Heard(ctx, a, "", ""); err != nil {
			return err
		}
	}
	if !answered && !f.arrived && !f.failed {
		return nil
	}
	b := s.ear.b
	return b.o.Store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if f.failed {
			return b.Reported(tx, Report{Kind: s.ear.kind, Ref: ref, Why: f.why}, s.line.Now().UTC())
		}
		return settleHanded(tx, handedKey(s.ear.kind, ref))
	})
}

// settleHanded writes down that nothing more is to be heard of a page.
func settleHanded(tx *store.Tx, key string) error {
	h, found, err := handedOver.Get(tx, key)
	if err != nil || !found {
		return err
	}
	h.Settled = true
	return handedOver.Put(tx, key, h)
}
