package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sort"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/access"
	"nightbell/appliance/finding"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

const (
	draftBucket = "drafts"
	// maxDrafts is how many calls one person may have aside: more than anybody
	// can remember.
	maxDrafts = 50
	// maxDraft bounds a draft: every field of a form at its limit.
	maxDraft = 256 << 10
	// draftIdle is when a call that was put aside and not touched is a finding.
	draftIdle = time.Hour
)

// ErrDraft says that a draft is not there, or that this desk cannot open it.
var ErrDraft = errors.New("this call was not put aside at this desk, or is saved already")

// Drafts keep calls that are being typed. They lie sealed in the machine's own
// store, so that a reload, a crash, a lock, a reboot or a sign-out loses nothing
// typed; they are in no backup. Methods may be called from any goroutine.
type Drafts struct {
	node  *store.Store
	desk  *Desk
	clock clockwork.Clock
}

// NewDrafts answers the drafts of a desk, in the machine's own store.
func NewDrafts(node *store.Store, d *Desk) *Drafts {
	return &Drafts{node: node, desk: d, clock: d.clock}
}

// Draft is one call that was not saved yet. Clear is what the page keeps of it,
// one line: PHI.
type Draft struct {
	ID        string // a UUID of the page's: the idempotency key of its saving
	StartedAt time.Time
	KeptAt    time.Time
	Type      message.CallType
	Here      bool // this desk can open it
	Clear     message.Clear
}

// LogValue logs the draft's id and no more.
func (d Draft) LogValue() slog.Value { return slog.StringValue(d.ID) }

// kept is a draft as it lies in the store.
type kept struct {
	By        message.PersonID `json:"by"`
	Desk      string           `json:"desk"`
	StartedAt time.Time        `json:"started_at"`
	KeptAt    time.Time        `json:"kept_at"`
	Type      message.CallType `json:"call_type"`
	Sealed    []byte           `json:"sealed"`
}

var drafts = store.NewTable[kept](draftBucket)

// Keep keeps a draft in place of what was kept of it before, and answers when.
func (d *Drafts) Keep(ctx context.Context, s access.Session, key DraftKey, draft Draft) (time.Time, error) {
	if err := d.desk.access.Require(ctx, s, access.TakeMessage); err != nil {
		return time.Time{}, err
	}
	if _, err := message.ParseID(draft.ID); err != nil {
		return time.Time{}, fmt.Errorf("keeping a draft: %w", err)
	}
	if len(draft.Clear) > maxDraft {
		return time.Time{}, &Invalid{Words: "This is too long to be kept aside. Save it now."}
	}
	sealed, err := key.seal([]byte(draft.Clear.Reveal()))
	if err != nil {
		return time.Time{}, fmt.Errorf("sealing a draft: %w", err)
	}
	at := d.now()
	k := kept{By: s.Who, Desk: key.name(), StartedAt: at, KeptAt: at, Type: draft.Type, Sealed: sealed}
	err = d.node.Update(ctx, func(tx *store.Tx) error {
		before, found, err := drafts.Get(tx, draft.ID)
		switch {
		case err != nil:
			return err
		case found && before.By != s.Who:
			return ErrDraft
		case found:
			k.StartedAt = before.StartedAt
		default:
			mine, err := of(tx, s.Who)
			if err == nil && len(mine) >= maxDrafts {
				err = &Invalid{Words: "There are too many calls aside. Save or drop some of them first."}
			}
			if err != nil {
				return err
			}
		}
		return drafts.Put(tx, draft.ID, k)
	})
	return at, err
}

// List answers a person's drafts, the newest first, without what they say.
func (d *Drafts) List(s access.Session, key DraftKey) ([]Draft, error) {
	var list []Draft
	err := d.node.View(func(tx *store.Tx) error {
		mine, err := of(tx, s.Who)
		for id, k := range mine {
			list = append(list, k.draft(id, key))
		}
		return err
	})
	sort.Slice(list, func(i, j int) bool { return list[i].StartedAt.After(list[j].StartedAt) })
	return list, err
}

// Open answers a draft of the session's person that this desk kept.
func (d *Drafts) Open(s access.Session, key DraftKey, id string) (Draft, error) {
	var k kept
	var found bool
	if err := d.node.View(func(tx *store.Tx) (err error) { k, found, err = drafts.Get(tx, id); return err }); err != nil {
		return Draft{}, err
	}
	if !found || k.By != s.Who {
		return Draft{}, ErrDraft
	}
	clear, err := key.open(k.Sealed)
	if err != nil {
		return Draft{}, err
	}
	draft := k.draft(id, key)
	draft.Clear = message.Clear(clear)
	return draft, nil
}

// Drop forgets a draft of the session's person: it was saved, or is not wanted.
// One that is not there is no error.
func (d *Drafts) Drop(ctx context.Context, s access.Session, id string) error {
	return d.node.Update(ctx, func(tx *store.Tx) error {
		k, found, err := drafts.Get(tx, id)
		if err != nil || !found || k.By != s.Who {
			return err
		}
		return drafts.Delete(tx, id)
	})
}

// Findings are the calls that were put aside and forgotten: by whom, never what.
// The transaction is of the practice's store, which knows names.
func (d *Drafts) Findings(tx *store.Tx) (list []finding.Finding, err error) {
	at := d.now()
	forgotten := map[message.PersonID]int{}
	err = d.node.View(func(node *store.Tx) error {
		return drafts.Each(node, "", func(_ string, k kept) error {
			if at.Sub(k.KeptAt) >= draftIdle {
				forgotten[k.By]++
			}
			return nil
		})
	})
	for who, n := range forgotten {
		name, err := d.desk.callee(tx, who)
		if err != nil {
			return nil, err
		}
		list = append(list, finding.Finding{
			ID: "desk.drafts/" + string(who), Severity: finding.Warning,
			Text: fmt.Sprintf("%s put %s aside and has not looked at %s for an hour.", name, calls(n), itOrThem(n)),
			Do:   "Open what was put aside at that desk, and save it or drop it.",
		})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	return list, err
}

func of(tx *store.Tx, who message.PersonID) (map[string]kept, error) {
	mine := map[string]kept{}
	err := drafts.Each(tx, "", func(id string, k kept) error {
		if k.By == who {
			mine[id] = k
		}
		return nil
	})
	return mine, err
}

func (k kept) draft(id string, key DraftKey) Draft {
	return Draft{ID: id, StartedAt: k.StartedAt, KeptAt: k.KeptAt, Type: k.Type, Here: k.Desk == key.name()}
}

func calls(n int) string {
	if n == 1 {
		return "a call"
	}
	return fmt.Sprintf("%d calls", n)
}

func itOrThem(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

func (d *Drafts) now() time.Time { return d.clock.Now().UTC() }
