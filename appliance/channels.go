package appliance

import (
	"time"

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
		Outbox: a.Pages, Answers: a, Listeners: []notify.Listener{notify.NewNtfyReplies(), notify.NewMailbox()},
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
	return []notify.Gateway{notify.NewNtfy(), notify.NewWebhook(a.Clock.Now)}
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
