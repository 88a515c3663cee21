package desk

import "nightbell/appliance/audit"

// Remember makes d remember a read as if it could not have been recorded.
func Remember(d *Desk, l audit.Leaf) { d.reads.add(l) }

// MaxUnrecorded is how many are remembered one by one.
const MaxUnrecorded = maxUnrecorded
