package notify_test

import (
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/appliancetest/mailbox"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/notify/channeltest"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

const (
	okaforMail  = "okafor@example.com"
	okaforPhone = "+12125550143"
)

// okafor is a person with a way of each kind.
func okafor() notify.Address {
	return notify.Address{Person: "p1", Ways: []notify.Way{
		{Kind: notify.KindWebhook, To: "pager-17"}, {Kind: notify.KindNtfy, To: "okafor-k7fm"}, {Kind: notify.KindMail, To: okaforMail},
		{Kind: notify.KindSMS, To: okaforPhone}, {Kind: notify.KindVoice, To: okaforPhone},
	}}
}

func mailChannel() notify.Channel {
	return notify.NewMail(notify.MailOptions{
		Outbox: channeltest.Outbox{},
		Health: channeltest.Outbox{},
		Say:    speech(time.UTC),
	})
}

// speech puts notices into words as a practice in a zone does.
func speech(zone *time.Location) notify.Speech {
	return notify.Speech{
		Link: func(_ *store.Tx, id message.ID, _ notify.Token) string {
			return "https://nightbell.local/messages/" + string(id)
		},
		Zone:    func(*store.Tx) *time.Location { return zone },
		Replies: func(*store.Tx, notify.Kind) bool { return true },
		Tokens:  tokens(),
	}
}

func TestMailIsAChannel(t *testing.T) {
	channeltest.Run(t, channeltest.Subject{
		New: func(*testing.T, *store.Store) notify.Channel { return mailChannel() },
		To:  okafor(),
		Waiting: func(tx *store.Tx) (ids []message.ID, err error) {
			list, err := channeltest.Outbox{}.Waiting(tx)
			for _, m := range list {
				ids = append(ids, m.Message)
			}
			return ids, err
		},
	})
}

func TestChannelsOverTheOutboxAreChannels(t *testing.T) {
	for _, g := range []notify.Gateway{notify.NewWebhook(time.Now), notify.NewNtfy()} {
		t.Run(string(g.Kind()), func(t *testing.T) {
			channeltest.Run(t, channeltest.Subject{
				New: func(t *testing.T, s *store.Store) notify.Channel {
					setUp(t, s, "https://gateway.example.com", "")
					return notify.NewOutbox(notify.OutboxOptions{Store: s, Gateways: []notify.Gateway{g}, Secret: secret}).Channel(g.Kind(), speech(time.UTC))
				},
				To: okafor(),
				Waiting: func(tx *store.Tx) (ids []message.ID, err error) {
					for _, p := range notify.Pages(tx) {
						ids = append(ids, p.Message)
					}
					return ids, nil
				},
			})
		})
	}
}

// secret answers a secret of each channel.
func secret(name, _ string) string {
	if name == notify.SecretReplies {
		return mailbox.Password
	}
	return "secret of " + name
}

// setUp keeps the settings of each channel, all at one server.
func setUp(t testing.TB, s *store.Store, server, ca string) {
	t.Helper()
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		for _, kept := range []struct {
			key   settings.Key
			value string
		}{
			{settings.WebhookURL, server + "/page"}, {settings.NtfyServer, server}, {settings.NtfyReplies, "replies-x9"}, {settings.ChannelsCA, ca},
		} {
			if err := settings.Set(tx, kept.key, kept.value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDeskAlarmIsAChannel(t *testing.T) {
	desks := notify.NewDesks(clockwork.NewFakeClock())
	desks.Join("d1", "Rosa")
	desks.Arm("d1")
	channeltest.Run(t, channeltest.Subject{
		New: func(*testing.T, *store.Store) notify.Channel { return notify.NewAlarm(desks) },
		Waiting: func(tx *store.Tx) (ids []message.ID, err error) {
			list, err := notify.Alarms(tx)
			for _, a := range list {
				ids = append(ids, a.Message)
			}
			return ids, err
		},
	})
}

func TestMailOfADeadSmarthostIsDoubtfulAndStillBegun(t *testing.T) {
	st := channeltest.Open(t, t.TempDir())
	to := okafor()
	err := st.Update(t.Context(), func(tx *store.Tx) error {
		if err := (channeltest.Outbox{}).Spoil(tx, okaforMail, true); err != nil {
			return err
		}
		condition, why, err := mailChannel().Check(tx, to)
		if err != nil || condition != notify.Doubtful || why == "" {
			t.Errorf("got %d, %q, %v", condition, why, err)
		}
		return mailChannel().Begin(tx, notify.Notice{Message: "01936000-0000-7000-8000-000000000001", Urgency: message.Urgent}, to, time.Unix(0, 0))
	})
	if err != nil {
		t.Fatal(err)
	}
}
