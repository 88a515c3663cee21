package desk_test

import (
	"testing"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
)

func TestTheSameNumberOfTodayIsFoundByWhoMayRead(t *testing.T) {
	o := open(t)
	call := func(number string) message.ID {
		return o.takeIn(intake.Taking{Type: message.TypeOther, Channel: message.ChannelDesk, TypedBy: ana.Who,
			Form: map[string]message.Clear{"caller": "Ines Holm", "callback": message.Clear(number), "reason": "records"}})
	}
	call("503 555 0155") // of the day before
	o.clock.Advance(24 * time.Hour)
	first, second := call("(503) 555-0155 x3"), call("+1 503 555 0155")
	call("503 555 0156")
	rows, err := o.desk.CalledToday(t.Context(), rosa, "503.555.0155")
	if err != nil || len(rows) != 2 || rows[0].Envelope.ID != second || rows[1].Envelope.ID != first {
		t.Fatalf("found: %v, %v", rows, err)
	}
	if leaves := o.leaves(audit.ReadList); len(leaves) != 1 || len(leaves[0].About) != 2 {
		t.Errorf("what was shown is recorded as %+v", leaves)
	}
	for _, typed := range []message.Clear{"555 0155", "none", "", "503 555 0199"} {
		if rows, err := o.desk.CalledToday(t.Context(), rosa, typed); err != nil || len(rows) > 0 {
			t.Errorf("%d found for %q, %v", len(rows), typed.Reveal(), err)
		}
	}
	if leaves := o.leaves(audit.ReadList); len(leaves) != 1 {
		t.Error("what found nothing is recorded as a read")
	}
	o.lock()
	if rows, err := o.desk.CalledToday(t.Context(), rosa, "503 555 0155"); err != nil || len(rows) > 0 {
		t.Errorf("%d found while all is locked, %v", len(rows), err)
	}
}
