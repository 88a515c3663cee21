package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// NewPhoneListener hears what people answer by phone: texts that came in at the
// gateway (KindSMS), or keys pressed in its calls (KindVoice). It asks, while a
// page of the last day may still be answered, and is never asked anything.
//
// It reports what became of pages as well: a text that did not arrive, a call
// that nobody picked up.
func NewPhoneListener(b *Outbox, kind Kind) Listener { return &ear{b, kind} }

type ear struct {
	b    *Outbox
	kind Kind
}

func (e *ear) Kind() Kind             { return e.kind }
func (e *ear) Ready(c Config) string  { return phone{e.kind}.Ready(c) }
func (e *ear) preset(c Config) preset { p, _ := presets(c.Setting(settings.GatewayPreset)); return p }

const (
	askSoon    = 5 * time.Second  // somebody may be answering right now
	askLater   = time.Minute      // the newest page is older than soonFor
	soonFor    = 30 * time.Minute //
	callLasts  = 30 * time.Minute // the longest that a key of a call may come late
	lateTexts  = time.Hour        // how much later than it came a text may show up in a list
	maxTexts   = 1000             // names of answers that are kept: past it, one is handed on again, and changes nothing
	maxAskTime = 20 * time.Second // for one answer of the gateway
)

func (e *ear) Listen(ctx context.Context, l Line) error {
	s := &heard{ear: e, line: l, api: e.preset(l.Config), texts: map[string]int64{}, talk: map[string]bool{}, asked: map[string]time.Time{}}
	_ = json.Unmarshal([]byte(l.Position), &s.texts) // one that cannot be read: texts are handed on again, and change nothing
	for up := false; ; {
		open, err := e.open(l.Now())
		if err != nil {
			return err
		}
		if len(open) > 0 {
			if err := s.look(ctx, open); err != nil {
				return err
			}
			if !up {
				l.Up()
				up = true
			}
		}
		if l.Wait(ctx, nextLook(open, l.Now())) != nil {
			return nil
		}
	}
}

// nextLook is soon while a page is young. A page from the future, by a clock
// that was set back, is young.
func nextLook(open map[string]handed, now time.Time) time.Duration {
	wait := askLater
	for _, h := range open {
		if now.Sub(h.At) < soonFor {
			wait = askSoon
		}
	}
	if len(open) == 0 {
		return askSoon // a look into our own store
	}
	return wait
}

// open are the pages that may still be answered, by the gateway's name for them.
func (e *ear) open(now time.Time) (map[string]handed, error) {
	list := map[string]handed{}
	err := e.b.o.Store.View(func(tx *store.Tx) error {
		prefix := handedKey(e.kind, "")
		_ = handedOver.Each(tx, prefix, func(key string, h handed) error {
			if now.Sub(h.At) < keepHanded {
				list[key[len(prefix):]] = h
			}
			return nil
		}) // one that cannot be read is passed by: it must not make us deaf for the others
		return nil
	})
	return list, err
}

// heard is one Listen.
type heard struct {
	ear   *ear
	line  Line
	api   preset
	texts map[string]int64     // answers that were handed on: when they came, by the gateway's clock
	talk  map[string]bool      // texts that are no answers
	asked map[string]time.Time // when a page's fate was asked for last
	skew  time.Duration        // the gateway's clock less ours
}

func (s *heard) asker() asker {
	return asker{Config: s.line.Config, now: s.line.Now().Add(s.skew), ask: s.ask,
		known: func(id string) bool { _, answer := s.texts[id]; return answer || s.talk[id] }}
}

func (s *heard) ask(ctx context.Context, req *http.Request) (Answer, string) {
	ctx, cancel := context.WithTimeout(ctx, maxAskTime)
	defer cancel()
	a, why := s.ear.b.net.askUpTo(ctx, s.line.Config, req, s.line.Now, maxList)
	if why == "" {
		s.skew = clockOf(a, a.At).Sub(a.At)
	}
	return a, why
}

// look asks once: what came in, and what became of the pages.
func (s *heard) look(ctx context.Context, open map[string]handed) error {
	if s.ear.kind == KindSMS {
		if err := s.replies(ctx, open); err != nil {
			return err
		}
	}
	return s.fates(ctx, open)
}

// replies hands on the texts that came in since the oldest page.
func (s *heard) replies(ctx context.Context, open map[string]handed) error {
	since := s.line.Now()
	for _, h := range open {
		if h.At.Before(since) {
			since = h.At
		}
	}
	since = since.Add(s.skew - lateTexts)
	list, why := s.api.replies(ctx, s.asker(), since)
	if why != "" {
		return &Deaf{why}
	}
	for id, at := range s.texts {
		if at < since.Add(-lateTexts).Unix() {
			delete(s.texts, id)
		}
	}
	known := s.asker().known
	for _, r := range list {
		if known(r.id) || r.at.Before(since) {
			continue
		}
		if err := s.reply(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// reply hands one text on. What is no answer is not kept: it would only be found
// to be none again.
func (s *heard) reply(ctx context.Context, r reply) error {
	a, refused := ParseReply(r.text)
	a.From = r.from
	if refused != "" {
		s.talk[r.id] = true
		return s.line.Heard(ctx, a, refused, s.position())
	}
	if len(s.texts) < maxTexts {
		s.texts[r.id] = r.at.Unix()
	}
	err := s.line.Heard(ctx, a, "", s.position())
	if err != nil {
		delete(s.texts, r.id)
	}
	return err
}

func (s *heard) position() string {
	text, _ := json.Marshal(s.texts) // names and numbers always encode
	return string(text)
}
