package appliance

import (
	"context"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/finding"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// wireChannels makes the outbox and answers the channels that the bell rings by.
func (a *Appliance) wireChannels() []notify.Channel {
	a.holdSecrets()
	a.Pages = notify.NewOutbox(notify.OutboxOptions{
		Store: a.Store, Outcome: bellOutcome{a}, Secret: a.channelSecret, Clock: a.Clock, Log: a.Log,
		Gateways: a.gateways(),
	})
	a.Hearing = notify.NewHearing(notify.HearingOptions{
		Outbox: a.Pages, Answers: a, Listeners: []notify.Listener{
			notify.NewNtfyReplies(), notify.NewMailbox(),
			notify.NewPhoneListener(a.Pages, notify.KindSMS), notify.NewPhoneListener(a.Pages, notify.KindVoice),
		},
	})
	say := a.speech()
	list := []notify.Channel{notify.NewMail(notify.MailOptions{Outbox: a.Queue, Health: a.Queue, Say: say})}
	for _, g := range a.gateways() {
		list = append(list, a.Pages.Channel(g.Kind(), say))
	}
	a.channels = append(list, notify.NewAlarm(a.Desks))
	return a.channels
}

// gateways are what pages go out by, one a kind.
func (a *Appliance) gateways() []notify.Gateway {
	return []notify.Gateway{notify.NewSMS(), notify.NewVoice(), notify.NewNtfy(), notify.NewWebhook(a.Clock.Now)}
}

func (a *Appliance) speech() notify.Speech {
	return notify.Speech{
		Link: func(_ *store.Tx, _ message.ID, token notify.Token) string { return a.link(token) },
		Zone: func(*store.Tx) *time.Location { return a.practice.Zone }, Tokens: a.Tokens, Replies: a.Hearing.Replies,
	}
}

// oneKindFindings say who on call is rung by one kind of channel alone: when it
// fails, nothing else reaches them. A push is the least sure of all.
func (a *Appliance) oneKindFindings(tx *store.Tx, at time.Time) ([]finding.Finding, error) {
	now, err := oncall.Now(tx, at)
	if err != nil {
		return nil, err
	}
	var list []finding.Finding
	for _, id := range now.People() {
		who, here, err := (bellPeople{a}).Contact(tx, id)
		if err != nil {
			return nil, err
		}
		kinds := map[notify.Kind]bool{}
		for _, ch := range a.channels {
			if !ch.Leaves() {
				continue
			}
			condition, _, err := ch.Check(tx, who.Address)
			if err != nil {
				return nil, err
			}
			if condition != notify.Absent {
				kinds[ch.Kind()] = true
			}
		}
		if here && len(kinds) == 1 {
			for kind := range kinds {
				list = append(list, notify.OnlyOneKind(id, who.Name, kind))
			}
		}
	}
	return list, nil
}

// SetNoticeWords keeps the practice's own words for notices; empty ones go back
// to the built-in. The error is a *notify.BadWords for words that may not be.
func (a *Appliance) SetNoticeWords(ctx context.Context, by string, w notify.OwnWords) error {
	leaf := audit.Leaf{At: a.Clock.Now().UTC(), Who: by, What: audit.SettingsChanged, About: []string{"words", string(w.Kind), string(w.Reason)}}
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		if err := notify.SetWords(tx, w); err != nil {
			return err
		}
		_, err := audit.Append(tx, leaf)
		return err
	})
}

// Callback takes what a paging system sent back: its body, and its signature
// (notify.SignatureHeader). It is notify.ErrSignature, or a *notify.Refusal, when
// it counts for nothing.
func (a *Appliance) Callback(ctx context.Context, signature string, body []byte) error {
	said, err := notify.ReadCallback(a.channelSecret(notify.SecretWebhook, ""), signature, body, a.Clock.Now())
	if err != nil {
		return err
	}
	return a.Answered(ctx, said)
}

// PreviewNotice is a notice to nobody in words that are not kept, as they would
// go out.
func (a *Appliance) PreviewNotice(tx *store.Tx, own notify.OwnWords, n notify.Notice, at time.Time) notify.Said {
	return a.speech().Preview(tx, own, n, at)
}
