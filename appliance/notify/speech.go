package notify

import (
	"fmt"
	"strings"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// Speech puts notices into words: the practice's own where they are kept and
// fit, else ours.
type Speech struct {
	Link    func(tx *store.Tx, id message.ID, token Token) string // where the message is read and taken; "" id: a test is answered
	Zone    func(tx *store.Tx) *time.Location                     // the practice's
	Replies func(tx *store.Tx, kind Kind) bool                    // whether answers on a channel are heard; nil: none are
	Tokens  Tokens
}

// Said is a notice in the words of a channel.
type Said struct {
	Title string
	Text  string
	Link  string
	Token Token
}

// Say says a notice to a person.
func (s Speech) Say(tx *store.Tx, kind Kind, n Notice, person message.PersonID, at time.Time) Said {
	return s.say(tx, kind, n, person, at, s.words(tx, kind, n.Reason))
}

// Preview is a notice to nobody in words that are not kept, as they would go out.
func (s Speech) Preview(tx *store.Tx, own OwnWords, n Notice, at time.Time) Said {
	return s.say(tx, own.Kind, n, "", at, guarded(own))
}

func (s Speech) say(tx *store.Tx, kind Kind, n Notice, person message.PersonID, at time.Time, words say) Said {
	said := Said{Token: s.Tokens.For(n.Message, n.Number, person, n.Bout)}
	if n.Message == "" {
		said.Token = s.Tokens.forTrial(person, kind, n.Bout)
	}
	said.Link = s.Link(tx, n.Message, said.Token)
	at = at.In(s.Zone(tx))
	fill := strings.NewReplacer(
		"{number}", spoken(kind, n.Number), "{type}", typeName(n.Type), "{urgency}", urgencyName(n.Urgency),
		"{since}", sinceWords(n.Since, at), "{others}", othersWait(n.Others), "{ring}", ringNumber(n.Step), "{link}", said.Link,
	)
	said.Title = oneLine(fill.Replace(words.title))
	end := how(kind, said, s.Replies != nil && s.Replies(tx, kind))
	said.Text = fit(kind, end, fill.Replace(words.text), fill.Replace(minimal(n.Reason).text))
	return said
}

// words are the practice's own, where none of them might say too much.
func (s Speech) words(tx *store.Tx, kind Kind, reason Reason) say {
	own, found, err := ownWords.Get(tx, wordsKey(kind, reason))
	if err != nil || !found {
		return builtin(kind, reason)
	}
	return guarded(own)
}

// guarded are a practice's own words, or the fixed minimal ones in their place.
func guarded(own OwnWords) say {
	if guard(own.Title) != "" || guard(own.Text) != "" {
		return minimal(own.Reason)
	}
	return say{title: own.Title, text: own.Text}
}

// spoken is a number as the channel says it: a voice reads digits one by one.
func spoken(kind Kind, n message.Number) string {
	if kind != KindVoice {
		return n.String()
	}
	return "N, " + strings.Join(strings.Split(fmt.Sprint(int64(n)), ""), ", ") // the commas make it slow
}

func sinceWords(since, now time.Time) string {
	return fmt.Sprintf("%s (%s)", clock(since.In(now.Location())), minutes(now.Sub(since)))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
