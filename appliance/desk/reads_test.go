package desk_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/desk"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// unrecordable is a session whose reads the log does not take: the zone of its
// address is no code. To the desk that is the same as a full disk.
func unrecordable(s access.Session) access.Session {
	s.From = netip.MustParseAddr("fe80::1%not a code")
	return s
}

func TestWhenTheLogCannotBeWrittenWhoeverIsOnCallReadsOn(t *testing.T) {
	o := open(t)
	id := o.take("p-ana")
	o.must(o.store.Update(t.Context(), func(tx *store.Tx) error {
		return oncall.Set(tx, audit.Owner, []message.PersonID{okafor.Who}, night)
	}))
	okafor, rosa := unrecordable(okafor), unrecordable(rosa)
	if v, err := o.desk.Open(t.Context(), okafor, id); err != nil || v.Record.Field("callback") != "503 555 0148" {
		t.Errorf("on call: %v", err)
	}
	if p, err := o.desk.List(t.Context(), okafor, store.Query{}); err != nil || p.Rows[0].Who == "" {
		t.Errorf("on call, the list: %v", err)
	}
	var unrecorded *desk.Unrecorded
	if v, err := o.desk.Open(t.Context(), rosa, id); !errors.As(err, &unrecorded) || !errors.Is(err, audit.ErrNotCode) || v.Record.Form != nil {
		t.Errorf("not on call: %v", err)
	}
	if p, err := o.desk.List(t.Context(), rosa, store.Query{}); !errors.As(err, &unrecorded) || slices.ContainsFunc(p.Rows, func(r desk.Row) bool { return r.Who != "" }) {
		t.Errorf("not on call, the list: %v", err)
	}
	if got := o.findings(); !slices.Equal(got, []string{"desk.unrecorded"}) {
		t.Errorf("the findings are %q", got)
	}
	if err := o.desk.Flush(t.Context()); err == nil {
		t.Error("the reads are said to be recorded")
	}
}

func TestWhereNobodyIsOnCallEverybodyReadsOn(t *testing.T) {
	o := open(t)
	id := o.take("p-ana")
	if _, err := o.desk.Open(t.Context(), unrecordable(rosa), id); err != nil {
		t.Error(err)
	}
}

func TestReadsAreRecordedAsSoonAsTheLogTakesThem(t *testing.T) {
	o := open(t)
	for i := range desk.MaxUnrecorded + 7 {
		desk.Remember(o.desk, audit.Leaf{At: night, Who: "p-okafor", What: audit.ReadMessage, About: []string{fmt.Sprint("m-", i)}})
	}
	written := make(chan struct{}, 1000)
	o.store.Watch(func(w store.WriteSet) {
		if w.Touches(audit.LeafBucket) {
			written <- struct{}{}
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- o.desk.Run(ctx) }()
	o.must(o.clock.BlockUntilContext(t.Context(), 1))
	o.clock.Advance(time.Minute)
	for range desk.MaxUnrecorded / 50 {
		<-written
	}
	stop()
	o.must(<-ended)
	leaves := o.leaves(audit.ReadMessage)
	for i, l := range leaves {
		if l.Why != "recorded-late" || l.Who != "p-okafor" || !l.At.Equal(night) || l.About[0] != fmt.Sprint("m-", i) {
			t.Fatalf("leaf %d is %+v", i, l)
		}
	}
	lost := o.leaves(audit.ReadsLost)
	if len(leaves) != desk.MaxUnrecorded || len(lost) != 1 || lost[0].Count != 7 {
		t.Errorf("%d reads one by one, and %+v", len(leaves), lost)
	}
	if got := o.findings(); len(got) > 0 {
		t.Errorf("the findings are %q", got)
	}
}

func TestReadsAreRecordedAtTheEnd(t *testing.T) {
	o := open(t)
	desk.Remember(o.desk, audit.Leaf{At: night, Who: "p-okafor", What: audit.ReadList, About: []string{"m-1"}})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	o.must(o.desk.Run(ctx))
	if n := len(o.leaves(audit.ReadList)); n != 1 {
		t.Errorf("%d reads are recorded", n)
	}
}

func TestAReaderWhoGoesAwayIsNoUnrecordedRead(t *testing.T) {
	o := open(t)
	id := o.take("p-ana")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := o.desk.Open(ctx, rosa, id); !errors.Is(err, context.Canceled) {
		t.Errorf("answered %v", err)
	}
	if got := o.findings(); len(got) > 0 {
		t.Errorf("the findings are %q", got)
	}
}
