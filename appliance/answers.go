package appliance

import (
	"context"
	"errors"
	"strings"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/desk"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// answerTokens are made and checked by the key among the machine's secrets. A
// practice of an older version gets one at its first start; where it cannot be
// kept, answers work until the next start.
func (a *Appliance) answerTokens() notify.Tokens {
	var key []byte
	err := a.changeSecrets(func(s *vault.Secrets) error {
		if key = s.AnswerKey; key == nil {
			key = vault.NewAnswerKey()
			s.AnswerKey = key
			return nil
		}
		return errUnchanged
	})
	if err != nil {
		a.Log.Error("the key for answers to notices is not kept", "err", err)
	}
	if key == nil {
		key = vault.NewAnswerKey()
	}
	return notify.NewTokens(key)
}

// answer is what an answer turned out to be: of a person, to a message or to a
// test notice.
type answer struct {
	person message.PersonID
	about  message.ID
	trial  *notify.Trial
	way    notify.Way
}

// Answered does what somebody answered to a notice by a channel. What counts for
// nothing is a *notify.Refusal.
func (a *Appliance) Answered(ctx context.Context, said notify.Answered) error {
	at := a.Clock.Now().UTC()
	var got answer
	err := a.Store.View(func(tx *store.Tx) (err error) {
		got, err = a.whoAnswers(tx, said, at)
		return err
	})
	if err != nil {
		return err
	}
	if got.trial == nil {
		if err := a.answers(ctx, got, said); err != nil {
			return err
		}
	}
	return a.Store.Update(ctx, func(tx *store.Tx) error { return a.proven(tx, got, at) })
}

// answers hands an answer to the desk.
func (a *Appliance) answers(ctx context.Context, got answer, said notify.Answered) error {
	_, err := a.Desk.Answer(ctx, got.person, got.about, said.What, string(said.By))
	var late *desk.TooLate
	var denied *access.Denied
	var invalid *desk.Invalid
	switch {
	case errors.As(err, &late), errors.As(err, &invalid):
		return &notify.Refusal{Why: notify.RefusedOver}
	case errors.As(err, &denied):
		return &notify.Refusal{Why: notify.RefusedSender}
	}
	return err
}

// proven keeps that a person answered: the way works, and the practice is ready.
func (a *Appliance) proven(tx *store.Tx, got answer, at time.Time) error {
	if got.way.Kind == "" {
		return nil
	}
	if err := notify.Proven(tx, got.way.Kind, at); err != nil {
		return err
	}
	if got.way.To == "" {
		return nil
	}
	return oncall.Confirmed(tx, string(got.person), got.person, string(got.way.Kind), got.way.To, at)
}

// whoAnswers finds out whose answer it is, and to what: by its token, or by its
// code together with a sender that is on file.
func (a *Appliance) whoAnswers(tx *store.Tx, said notify.Answered, at time.Time) (got answer, err error) {
	senders, err := a.senders(tx, said)
	if err != nil {
		return got, err
	}
	if said.Token == "" {
		return a.byCode(tx, senders, said, at)
	}
	if trial, yes := notify.AnswersTrial(tx, a.Tokens, said, at); yes {
		got = answer{person: trial.Person, trial: &trial, way: trial.Way}
	} else {
		asked, found, err := a.Asked(tx, said.Token, at)
		if err != nil {
			return got, err
		}
		if !found {
			return got, &notify.Refusal{Why: notify.RefusedToken}
		}
		got = answer{person: asked.Person, about: asked.Envelope.ID, way: notify.Way{Kind: said.By, To: senders[asked.Person]}}
	}
	if said.From == "" {
		return got, nil
	}
	if _, theirs := senders[got.person]; !theirs {
		return got, &notify.Refusal{Why: notify.RefusedSender}
	}
	return got, nil
}

// byCode finds the notice of a code that somebody typed. The code is short, so
// it counts only from an address of the person that it was sent to.
func (a *Appliance) byCode(tx *store.Tx, senders map[message.PersonID]string, said notify.Answered, at time.Time) (got answer, err error) {
	if len(senders) == 0 {
		return got, &notify.Refusal{Why: notify.RefusedSender}
	}
	from := string(said.By) + " " + digits(said.From)
	if a.codes.tooMany(from, at) {
		return got, &notify.Refusal{Why: notify.RefusedGuesses}
	}
	got, found, err := a.ofCode(tx, senders, said, at)
	if err != nil {
		return got, err
	}
	if !found {
		a.codes.wrong(from, at)
		return got, &notify.Refusal{Why: notify.RefusedToken}
	}
	a.codes.right(from)
	return got, nil
}

// ofCode finds what a code from somebody's number answers.
func (a *Appliance) ofCode(tx *store.Tx, senders map[message.PersonID]string, said notify.Answered, at time.Time) (got answer, found bool, err error) {
	live, err := a.Bell.Live(tx, at)
	if err != nil {
		return got, false, err
	}
	for person, from := range senders {
		for _, l := range live {
			if a.Tokens.CheckCode(said.Code, l.Message, l.Number, person, l.Bout) {
				return answer{person: person, about: l.Message, way: notify.Way{Kind: said.By, To: from}}, true, nil
			}
		}
		said.Person = person
		if trial, yes := notify.AnswersTrial(tx, a.Tokens, said, at); yes {
			return answer{person: person, trial: &trial, way: trial.Way}, true, nil
		}
	}
	return got, false, nil
}

// senders are the people whose address an answer comes from, each with the
// address as it is on file; nobody where the channel knows none.
func (a *Appliance) senders(tx *store.Tx, said notify.Answered) (map[message.PersonID]string, error) {
	list := map[message.PersonID]string{}
	if said.From == "" {
		return list, nil
	}
	people, err := a.Access.People(tx)
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return nil, err // one account that cannot be read keeps nobody else from answering
	}
	for _, p := range people {
		who, here, err := (bellPeople{a}).Contact(tx, p.ID)
		if err != nil || !here {
			continue
		}
		for _, w := range who.Address.Ways {
			if sameAddress(w, said) {
				list[p.ID] = w.To
			}
		}
	}
	return list, nil
}

// sameAddress says whether an answer comes from an address on file. A voice call
// and a text message come from the same phone.
func sameAddress(w notify.Way, said notify.Answered) bool {
	switch w.Kind {
	case notify.KindSMS, notify.KindVoice:
		return (said.By == notify.KindSMS || said.By == notify.KindVoice) && digits(w.To) == digits(said.From)
	}
	return w.Kind == said.By && strings.EqualFold(w.To, said.From)
}

// digits are a phone number without what people write between its digits.
func digits(number string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, number)
}

// TestNotice sends a person a test notice on one of their ways. When they answer
// it, the way is confirmed.
func (a *Appliance) TestNotice(ctx context.Context, by string, person message.PersonID, way notify.Way) error {
	at := a.Clock.Now().UTC()
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		for _, ch := range a.channels {
			if ch.Kind() != way.Kind || !ch.Leaves() {
				continue
			}
			condition, why, err := ch.Check(tx, notify.Address{Person: person, Ways: []notify.Way{way}})
			if err != nil {
				return err
			}
			if condition == notify.Absent {
				return withTodo("no test notice can be sent there: "+why, "set the channel up in the settings first")
			}
			if err := notify.BeginTrial(tx, ch, person, way, at); err != nil {
				return err
			}
			return oncall.Tested(tx, by, person, string(way.Kind), way.To, at)
		}
		return withTodo("there is no such channel", "use mail, sms, voice, ntfy or webhook")
	})
}

// tried keeps that a test notice could not be handed over.
func (a *Appliance) tried(tx *store.Tx, p notify.Page, at time.Time) error {
	trial, found := notify.TrialOf(tx, p.Person, p.Kind)
	if !found || !trial.At.Equal(p.At) {
		return nil
	}
	return oncall.Failed(tx, audit.System, p.Person, string(p.Kind), trial.Way.To, at)
}
