package appliance

import (
	"context"
	"fmt"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// verifyPage is how many leaves one read of the store takes.
const verifyPage = 1000

// recorded is what the log says of a part: its commitment, and where.
type recorded struct {
	commitment string
	leaf       int64
}

// VerifyAudit walks the audit log, which must begin with each checkpoint that
// this machine and the backup folder kept of it: an older store that was put
// back, or a log that was made anew, is seen. Then it compares each part that an envelope
// names with what the log recorded when it was taken in: whoever put another
// part and another envelope in their places is seen, whatever key they hold.
func (a *Appliance) VerifyAudit(ctx context.Context) (audit.Report, error) {
	known, err := a.knownCheckpoints()
	if err != nil {
		return audit.Report{}, err
	}
	report, err := audit.Verify(ctx, a.Store, known...)
	if err != nil || report.FirstBad != nil {
		return report, err
	}
	parts, err := a.recordedParts(ctx)
	if err != nil {
		return report, err
	}
	err = a.Store.View(func(tx *store.Tx) error {
		return store.EachEnvelope(tx, "", func(e message.Envelope) bool {
			for _, p := range e.Parts {
				was, known := parts[p.ID]
				if known && was.commitment != p.Commitment && (report.FirstBad == nil || was.leaf < *report.FirstBad) {
					report.FirstBad = &was.leaf
					report.Why = fmt.Sprintf("part %s of message %s is not the one that was taken in", p.ID, e.ID)
				}
				if !known && p.Kind == message.PartRecord && report.FirstBad == nil {
					report.FirstBad = &report.Records
					report.Why = fmt.Sprintf("message %s stands in no record", e.ID)
				}
			}
			return ctx.Err() == nil
		})
	})
	if err == nil {
		err = ctx.Err()
	}
	return report, err
}

// recordedParts gathers the commitments of the log by part. The first record of
// a part counts.
func (a *Appliance) recordedParts(ctx context.Context) (map[message.ID]recorded, error) {
	parts := map[message.ID]recorded{}
	for from := int64(0); ctx.Err() == nil; {
		leaves, err := a.AuditLeaves(from, verifyPage)
		if err != nil {
			return nil, fmt.Errorf("reading what the log recorded of messages: %w", err)
		}
		if len(leaves) == 0 {
			break
		}
		for _, l := range leaves {
			for key, commitment := range l.Data {
				id, err := message.ParseID(key)
				if _, have := parts[id]; err == nil && !have {
					parts[id] = recorded{commitment, l.N}
				}
			}
		}
		from = leaves[len(leaves)-1].N + 1
	}
	return parts, ctx.Err()
}
