package notify_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/notify/channeltest"
	"nightbell/appliance/store"
)

func TestOwnWordsHoldNoNamesAndNumbers(t *testing.T) {
	st := channeltest.Open(t, t.TempDir())
	keep := func(kind notify.Kind, reason notify.Reason, title, text string) error {
		return st.Update(t.Context(), func(tx *store.Tx) error {
			return notify.SetWords(tx, notify.OwnWords{Kind: kind, Reason: reason, Title: title, Text: text})
		})
	}
	for _, text := range []string{
		"Please take {number}. It waits since {since}. {others}",
		"{urgency}: {number} rings at the practice. Call back soon, or answer NO.",
		"Nightbell asks you to take {number} ({type}).",
	} {
		if err := keep(notify.KindSMS, notify.Waiting, "Urgent call", text); err != nil {
			t.Errorf("%q was refused: %v", text, err)
		}
	}
	for _, text := range []string{
		"Marisol waits, {number}", "Please call Marisol about {number}", "Take {number}, ring 503 555 0123", "{number} of Mrs quintero waits",
		"{number}, born in march", "{number} from m.quintero@example.com", "{number} QUINTERO waits", "Take {number}: Quintero", "{number} waits ٣",
		"Take it", "{number} {name} waits", "{number} " + strings.Repeat("waits ", 100),
	} {
		var bad *notify.BadWords
		if err := keep(notify.KindSMS, notify.Waiting, "Urgent call", text); !errors.As(err, &bad) || bad.Why == "" {
			t.Errorf("%q was kept (%v)", text, err)
		}
		if err := keep(notify.KindSMS, notify.Waiting, text, "Take {number}"); !errors.As(err, &bad) && text != "Take it" {
			t.Errorf("%q was kept as a title (%v)", text, err)
		}
	}
	if err := keep("fax", notify.Waiting, "Urgent call", "Take {number}"); err == nil {
		t.Error("words for no channel were kept")
	}
}

// TestAGuardedTextNeverHoldsANotice lays words into the store that no door would
// keep, as a restore of another version could.
func TestAGuardedTextNeverHoldsANotice(t *testing.T) {
	st := channeltest.Open(t, t.TempDir())
	say := func() (said notify.Said, ids []string) {
		_ = st.View(func(tx *store.Tx) error {
			said = speech(time.UTC).Say(tx, notify.KindNtfy, notice(1, 1), "p1", bout)
			for _, f := range notify.WordsFindings(tx) {
				ids = append(ids, f.ID)
			}
			return nil
		})
		return said, ids
	}
	lay := func(title, text string) {
		err := st.Update(t.Context(), func(tx *store.Tx) error {
			return store.NewTable[notify.OwnWords]("notice-words").Put(tx, "ntfy/waiting",
				notify.OwnWords{Kind: notify.KindNtfy, Reason: notify.Waiting, Title: title, Text: text})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	lay("A call waits", "Please take {number} now.")
	if said, ids := say(); said.Text != "Please take N-1042 now." || len(ids) != 0 {
		t.Errorf("said %q, findings %v", said.Text, ids)
	}
	lay("A call waits", "Please take {number} of Marisol Quintero.")
	said, ids := say()
	if said.Title != "Message N-1042 waits" || said.Text != "Message N-1042 waits for you." || len(ids) != 1 || ids[0] != "channel.words/ntfy" {
		t.Errorf("said %q, %q, findings %v", said.Title, said.Text, ids)
	}
}

// TestBuiltInWordsPassTheirOwnGuard: what a practice edits from must be kept.
func TestBuiltInWordsPassTheirOwnGuard(t *testing.T) {
	st := channeltest.Open(t, t.TempDir())
	for _, kind := range []notify.Kind{notify.KindMail, notify.KindSMS, notify.KindVoice, notify.KindNtfy, notify.KindWebhook} {
		var words []notify.OwnWords
		_ = st.View(func(tx *store.Tx) error {
			words = notify.Words(tx, kind)
			return nil
		})
		for _, w := range words {
			if err := st.Update(t.Context(), func(tx *store.Tx) error { return notify.SetWords(tx, w) }); err != nil {
				t.Errorf("%s, %s: %v", kind, w.Reason, err)
			}
		}
	}
}

func TestACallbackCountsWhenItIsSignedNow(t *testing.T) {
	body := []byte(`{"token":"` + tokenOf(1).Reveal() + `","answer":"take"}`)
	good := notify.Sign("key", body, bout)
	a, err := notify.ReadCallback("key", good, body, bout.Add(time.Minute))
	if err != nil || a.Token != tokenOf(1) || a.What != message.AnswerTake || a.By != notify.KindWebhook {
		t.Errorf("got %v, %v", a.What, err)
	}
	for name, c := range map[string]struct {
		key, header string
		body        []byte
		at          time.Time
	}{
		"another key":    {"other", good, body, bout},
		"no key":         {"", notify.Sign("", body, bout), body, bout},
		"another body":   {"key", good, append([]byte(" "), body...), bout},
		"an old one":     {"key", good, body, bout.Add(6 * time.Minute)},
		"one to come":    {"key", good, body, bout.Add(-6 * time.Minute)},
		"no signature":   {"key", "", body, bout},
		"another moment": {"key", strings.Replace(good, "t=", "t=1", 1), body, bout},
	} {
		if _, err := notify.ReadCallback(c.key, c.header, c.body, c.at); !errors.Is(err, notify.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, body := range []string{`{`, `{"token":"x","answer":"take"}`, `{"token":"` + tokenOf(1).Reveal() + `","answer":"delivered"}`} {
		var refusal *notify.Refusal
		if _, err := notify.ReadCallback("key", notify.Sign("key", []byte(body), bout), []byte(body), bout); !errors.As(err, &refusal) {
			t.Errorf("%s: %v", body, err)
		}
	}
}
