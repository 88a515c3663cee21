package notify

import (
	"crypto/hmac"
	"fmt"
	"time"

	"nightbell/appliance/finding"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// Trial is a test notice: whether a person can be reached on a way is known when
// they answered one, and not before.
type Trial struct {
	Person message.PersonID `json:"person"`
	Way    Way              `json:"way"`
	At     time.Time        `json:"at"` // UTC: when it was begun
}

// trialBucket holds the last one by person and kind, answeredBucket when a
// channel was first answered by a person.
const (
	trialBucket    = "notice-tests"
	answeredBucket = "channels-answered"
)

var (
	trials   = store.NewTable[Trial](trialBucket)
	answered = store.NewTable[time.Time](answeredBucket)
)

// trialFor is how long a test may be answered.
const trialFor = 24 * time.Hour

func trialKey(person message.PersonID, kind Kind) string { return string(person) + "/" + string(kind) }

// BeginTrial sends a test notice on one way of a person.
func BeginTrial(tx *store.Tx, ch Channel, person message.PersonID, way Way, at time.Time) error {
	n := Notice{Urgency: message.Urgent, Type: message.TypeUrgent, Reason: Test, Since: at.UTC(), Step: 1, Bout: at.UTC()}
	if err := ch.Begin(tx, n, Address{Person: person, Ways: []Way{way}}, at); err != nil {
		return fmt.Errorf("sending a test notice: %w", err)
	}
	return trials.Put(tx, trialKey(person, way.Kind), Trial{Person: person, Way: way, At: at.UTC()})
}

// TrialOf answers the last test notice to a person on a kind of channel.
func TrialOf(tx *store.Tx, person message.PersonID, kind Kind) (Trial, bool) {
	t, found, err := trials.Get(tx, trialKey(person, kind))
	return t, found && err == nil
}

// forTrial is the token of a test notice. It is bound to the channel: an answer
// proves that this one was read.
func (t Tokens) forTrial(person message.PersonID, kind Kind, at time.Time) Token {
	return t.For("", 0, message.PersonID("test/"+string(kind)+"/"+string(person)), at)
}

// AnswersTrial answers the test notice that an answer belongs to.
func AnswersTrial(tx *store.Tx, t Tokens, a Answered, now time.Time) (found Trial, yes bool) {
	_ = trials.Each(tx, "", func(_ string, trial Trial) error {
		token := t.forTrial(trial.Person, trial.Way.Kind, trial.At)
		if age := now.Sub(trial.At); age > trialFor || age < -trialFor {
			return nil
		}
		byToken := a.Token != "" && hmac.Equal([]byte(a.Token), []byte(token))
		byCode := a.Token == "" && a.Code != "" && a.Person == trial.Person && hmac.Equal([]byte(a.Code), []byte(token.Code()))
		if byToken || byCode {
			found, yes = trial, true
		}
		return nil
	})
	return found, yes
}

// Proven keeps that a person answered on a channel.
func Proven(tx *store.Tx, kind Kind, at time.Time) error {
	if _, known, err := answered.Get(tx, string(kind)); known && err == nil {
		return nil
	}
	return answered.Put(tx, string(kind), at.UTC())
}

// ProvenAt answers when a channel that leaves the building was first answered by
// a person; false when none ever was.
func ProvenAt(tx *store.Tx) (first time.Time, yes bool) {
	_ = answered.Each(tx, "", func(_ string, at time.Time) error {
		if !yes || at.Before(first) {
			first, yes = at, true
		}
		return nil
	})
	return first, yes
}

// NeverAnswered is the id of the finding that every page says: no person ever
// answered a notice that left the building, so nobody knows that one arrives.
const NeverAnswered = "channel.never-answered"

// ReadyFindings says whether the practice is ready for urgent calls.
func ReadyFindings(tx *store.Tx) []finding.Finding {
	if _, yes := ProvenAt(tx); yes {
		return nil
	}
	return []finding.Finding{neverAnswered()}
}
