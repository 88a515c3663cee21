package desk

import (
	"context"
	"fmt"
	"sync"

	"nightbell/appliance/audit"
	"nightbell/appliance/finding"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// maxBad bounds the forged parts that are remembered one by one.
const maxBad = 100

// bad remembers the parts that were met and are not what was sealed, so that
// each is recorded once a run and stays a finding.
type bad struct {
	mu    sync.Mutex
	parts map[message.ID]message.ID // part -> message
}

// add says whether the part is new to it.
func (b *bad) add(id, part message.ID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, have := b.parts[part]; have || len(b.parts) >= maxBad {
		return false
	}
	if b.parts == nil {
		b.parts = map[message.ID]message.ID{}
	}
	b.parts[part] = id
	return true
}

// messages counts the messages that hold one.
func (b *bad) messages() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	ids := map[message.ID]bool{}
	for _, id := range b.parts {
		ids[id] = true
	}
	return len(ids)
}

// forged records a part that is not what was sealed.
func (d *Desk) forged(ctx context.Context, id, part message.ID, cause error) {
	if !d.bad.add(id, part) {
		return
	}
	d.log.Error("a part is not what was sealed", "message", id, "part", part, "err", cause)
	leaf := audit.Leaf{At: d.now(), Who: audit.System, What: audit.Forged, About: []string{string(id)}}
	if part != "" {
		leaf.About = append(leaf.About, string(part))
	}
	err := d.store.Update(ctx, func(tx *store.Tx) error {
		_, err := audit.Append(tx, leaf)
		return err
	})
	if err != nil {
		d.log.Error("a forged part could not be recorded", "message", id, "part", part, "err", err)
	}
}

// Findings answers what of the desk needs a person: messages whose address
// nobody knew, parts that are not what was sealed, reads that could not be
// recorded.
func (d *Desk) Findings(tx *store.Tx) ([]finding.Finding, error) {
	var list []finding.Finding
	counts, err := store.CountEnvelopes(tx)
	if err != nil {
		return nil, fmt.Errorf("counting flagged messages: %w", err)
	}
	if n := counts.OpenFlagged; n > 0 {
		list = append(list, finding.Finding{
			ID: "desk.flagged", Severity: finding.Warning,
			Text: fmt.Sprintf("%s came in marked for a look: to an address that names no kind of call, unreadable, made more urgent by its words, or from a caller who hung up.", messages(n)),
			Do:   "Open the marked messages in the inbox, work them, and put the sender's address right.",
		})
	}
	if n := d.bad.messages(); n > 0 {
		list = append(list, finding.Finding{
			ID: "desk.forged", Severity: finding.Alarm,
			Text: fmt.Sprintf("%s with a part that is not what was sealed: the data was changed by something other than Nightbell.", messages(n)),
			Do:   "Do not trust those messages; run “nightbell audit verify”, and restore the newest proven backup beside the data to compare.",
		})
	}
	if n := d.reads.count(); n > 0 {
		list = append(list, finding.Finding{
			ID: "desk.unrecorded", Severity: finding.Alarm,
			Text: fmt.Sprintf("%d reads by whoever is on call could not be recorded yet.", n),
			Do:   "Make room on the server's disk, and do not restart Nightbell before this is gone.",
		})
	}
	return list, nil
}

func messages(n int) string {
	if n == 1 {
		return "1 message"
	}
	return fmt.Sprintf("%d messages", n)
}
