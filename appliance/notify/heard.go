package notify

import (
	"context"
	"errors"
	"time"

	"nightbell/appliance/finding"
	"nightbell/appliance/store"
)

// Heard is what is known of one channel that answers come by.
type Heard struct {
	Position   string    `json:"position,omitempty"`   // up to where it was heard
	LastUp     time.Time `json:"last_up,omitzero"`     // when it last stood, UTC
	LastFailed time.Time `json:"last_failed,omitzero"` // when it last failed
	Fails      bool      `json:"fails,omitempty"`      // it failed last
	Why        string    `json:"why,omitempty"`        // of the last failure
	LastAnswer time.Time `json:"last_answer,omitzero"` // last one that counted

	Refused     map[RefusedFor]int `json:"refused,omitempty"`      // answers that counted for nothing, by why
	RefusedAt   time.Time          `json:"refused_at,omitzero"`    // the last of them
	RefusedRow  int                `json:"refused_row,omitempty"`  // how many of them came since one that counted
	RefusedLast RefusedFor         `json:"refused_last,omitempty"` // why the last one counted for nothing
}

// hearingBucket holds it by kind.
const hearingBucket = "hearing"

var hearing = store.NewTable[Heard](hearingBucket)

// hearingOf answers what is kept; one that cannot be read is heard from anew:
// what was answered before changes nothing.
func hearingOf(tx *store.Tx, kind Kind) Heard {
	h, _, err := hearing.Get(tx, string(kind))
	if err != nil {
		return Heard{}
	}
	return h
}

// HeardOf answers how answers on a channel are heard.
func HeardOf(tx *store.Tx, kind Kind) Heard { return hearingOf(tx, kind) }

func keepHeard(tx *store.Tx, kind Kind, refused RefusedFor, position string, at time.Time) error {
	h := hearingOf(tx, kind)
	if position != "" {
		h.Position = position
	}
	if refused == "" {
		h.LastAnswer, h.RefusedRow = at, 0
	} else {
		if h.Refused == nil {
			h.Refused = map[RefusedFor]int{}
		}
		h.Refused[refused]++
		if refused != RefusedOver { // somebody else was quicker: nothing is wrong
			h.RefusedRow++
		}
		h.RefusedAt, h.RefusedLast = at, refused
	}
	return hearing.Put(tx, string(kind), h)
}

func (h *Hearing) up(ctx context.Context, kind Kind) {
	h.note(ctx, kind, func(k *Heard, at time.Time) bool {
		// A poll each few seconds is not written down each time.
		if !k.Fails && at.Sub(k.LastUp) < time.Hour {
			return false
		}
		k.Fails, k.LastUp = false, at
		return true
	})
}

func (h *Hearing) deaf(ctx context.Context, kind Kind, err error) {
	why := whyBroken
	var deaf *Deaf
	if errors.As(err, &deaf) {
		why = deaf.Why
	}
	h.note(ctx, kind, func(k *Heard, at time.Time) bool {
		if k.Fails && k.Why == why && at.Sub(k.LastFailed) < time.Hour {
			return false
		}
		if !k.Fails {
			k.LastUp = at
		}
		k.Fails, k.Why, k.LastFailed = true, why, at
		return true
	})
}

var errUnchanged = errors.New("nothing changed")

func (h *Hearing) note(ctx context.Context, kind Kind, change func(*Heard, time.Time) bool) {
	at := h.b.o.Clock.Now().UTC()
	err := h.b.o.Store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		k := hearingOf(tx, kind)
		if !change(&k, at) {
			return errUnchanged
		}
		return hearing.Put(tx, string(kind), k)
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		h.b.o.Log.Error("how a channel is heard was not written down", "channel", string(kind), "err", err)
	}
}

const (
	manyRefused = 3              // in a row: no longer one stray mail
	refusedNews = 24 * time.Hour // after that it is old
	deafFor     = 2 * time.Minute
)

// Findings says which answers are not heard, and which channel brings only such
// that count for nothing.
func (h *Hearing) Findings(tx *store.Tx, at time.Time) []finding.Finding {
	var list []finding.Finding
	for _, l := range h.o.Listeners {
		if l.Ready(h.b.config(tx)) != "" {
			continue
		}
		k := hearingOf(tx, l.Kind())
		if k.deafAt(at) {
			list = append(list, answersUnheard(l.Kind(), k.Why))
		}
		if k.RefusedRow >= manyRefused && at.Sub(k.RefusedAt) < refusedNews {
			list = append(list, answersRefused(l.Kind(), k.RefusedRow, k.RefusedLast))
		}
	}
	return list
}
