package desk

import (
	"context"

	"nightbell/appliance/audit"
)

// Remember makes d remember a read as if it could not have been recorded.
func Remember(d *Desk, l audit.Leaf) { d.reads.add(l) }

// MaxUnrecorded is how many are remembered one by one.
const MaxUnrecorded = maxUnrecorded

// Sweep is one round of Drafts.Run.
func (d *Drafts) Sweep(ctx context.Context) error { return d.sweep(ctx) }
