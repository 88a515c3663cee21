package intake_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

func TestAMessageIsTakenInOneTransaction(t *testing.T) {
	o := open(t)
	o.take(t, refill()) // the first of the day makes its epoch, in a commit of its own
	var sets []store.WriteSet
	o.store.Watch(func(w store.WriteSet) { sets = append(sets, w) })
	in := refill()
	in.Key = "key-1"
	r := o.take(t, in)
	if len(sets) != 1 {
		t.Fatalf("taken in %d transactions", len(sets))
	}
	written := map[string]bool{}
	for _, op := range sets[0].Ops {
		written[op.Bucket] = true
	}
	for _, bucket := range []string{store.EnvelopeBucket, store.PackBucket, store.EventBucket, audit.LeafBucket, timers, "idempotency"} {
		if !written[bucket] {
			t.Errorf("nothing of %s is in the transaction", bucket)
		}
	}
	e := o.envelope(t, r.ID)
	want := message.Envelope{
		ID: r.ID, Number: 1002, ReceivedAt: night, Channel: message.ChannelDesk, CallType: message.TypeRefill, Urgency: message.Routine,
		Status: message.New, Team: message.Everybody, Clinical: true, Route: "everything-else", TypedBy: "p-ana", Protocol: protocol.BuiltIn().Version, Due: night.Add(24 * time.Hour), Parts: e.Parts,
	}
	if got, want := fmt.Sprintf("%+v", e), fmt.Sprintf("%+v", want); got != want {
		t.Errorf("the envelope is\n%s, not\n%s", got, want)
	}
	if r.Number != 1002 || !r.ReceivedAt.Equal(night) || r.Again {
		t.Errorf("the receipt is %+v", r)
	}
	if got := o.record(t, r.ID); got.Field("medication") != "Lisinopril" || got.Kind != message.PartRecord || got.Message != r.ID || got.Salt == "" {
		t.Error("the record is not what was typed")
	}
	checkTrace(t, o, e)
}

func checkTrace(t *testing.T, o *office, e message.Envelope) {
	t.Helper()
	o.view(t, func(tx *store.Tx) error {
		events, err := store.Events(tx, e.ID)
		if err != nil {
			return err
		}
		if len(events) != 1 || events[0].What != message.EventTaken || events[0].Who != "p-ana" || events[0].Detail != "desk" || !events[0].At.Equal(night) {
			t.Errorf("the timeline is %+v", events)
		}
		leaves, err := audit.Range(tx, 0, 100)
		if err != nil {
			return err
		}
		last := leaves[len(leaves)-1]
		if last.What != audit.Received || last.Who != "p-ana" || !slices.Equal(last.About, []string{string(e.ID)}) ||
			len(last.Data) != 1 || last.Data[string(e.Parts[0].ID)] != e.Parts[0].Commitment {
			t.Errorf("the last leaf is %+v", last)
		}
		return nil
	})
}

func TestItTakesWhileLocked(t *testing.T) {
	o := open(t)
	if err := o.vault.Lock(t.Context(), "p-ana"); err != nil {
		t.Fatal(err)
	}
	in := refill()
	in.Files = []intake.Attachment{{Name: "v.wav", Type: "audio/wav", Role: message.RoleAttachment, Data: make([]byte, message.InlineLimit+1)}}
	if r := o.take(t, in); len(o.envelope(t, r.ID).Parts) != 2 {
		t.Error("the voicemail is not a part of its own")
	}
	if !o.vault.Locked() {
		t.Error("taking a message opened the appliance")
	}
}

func TestWhatIsRefusedAndInWhichWords(t *testing.T) {
	o := open(t)
	urgent, beyond := message.Urgent, message.Urgency(9)
	for name, c := range map[string]struct {
		change func(*intake.Taking)
		fields []string
	}{
		"an unknown type":     {func(in *intake.Taking) { in.Type = "Ana Ruiz" }, []string{"type"}},
		"a strange urgency":   {func(in *intake.Taking) { in.Urgency = &beyond }, []string{"urgency"}},
		"no caller":           {func(in *intake.Taking) { delete(in.Form, "caller") }, []string{"caller"}},
		"two wrong fields":    {func(in *intake.Taking) { in.Form["callback"], in.Form["days_left"] = "Ana", "Ana" }, []string{"callback", "days_left"}},
		"what nobody asked":   {func(in *intake.Taking) { in.Form["insurance"] = "Ana" }, []string{"insurance"}},
		"what no type has":    {func(in *intake.Taking) { in.Form["Ana"] = "Ana" }, nil},
		"too many files":      {func(in *intake.Taking) { in.Files = make([]intake.Attachment, intake.MaxFiles+1) }, []string{"files"}},
		"files too large":     {func(in *intake.Taking) { in.Files = []intake.Attachment{{Open: endless}} }, []string{"files"}},
		"a text too large":    {func(in *intake.Taking) { in.Text = message.Clear(strings.Repeat("x", intake.MaxTotal+1)) }, []string{"files"}},
		"a key too long":      {func(in *intake.Taking) { in.Key = strings.Repeat("k", intake.MaxKey+1) }, nil},
		"a key with a letter": {func(in *intake.Taking) { in.Key = "ü" }, nil},
		"an empty mail": {func(in *intake.Taking) {
			in.Channel, in.Form, in.Text, in.Urgency = message.ChannelMail, nil, " \n", &urgent
		}, nil},
	} {
		in := refill()
		c.change(&in)
		_, err := o.intake.Take(t.Context(), in)
		var invalid *intake.Invalid
		if !errors.As(err, &invalid) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !slices.Equal(invalid.Fields(), c.fields) || strings.Contains(err.Error(), "Ana") {
			t.Errorf("%s: refused for %q: %s", name, invalid.Fields(), err)
		}
	}
	for name, change := range map[string]func(*intake.Taking){
		"nobody":            func(in *intake.Taking) { in.TypedBy = "" },
		"two senders":       func(in *intake.Taking) { in.Device = "d-pbx" },
		"an unknown sender": func(in *intake.Taking) { in.TypedBy, in.Device = "", "" },
	} {
		in := refill()
		change(&in)
		if _, err := o.intake.Take(t.Context(), in); err == nil {
			t.Errorf("taken from %s", name)
		}
	}
	if n := o.count(t, store.EnvelopeBucket) + o.count(t, store.PackBucket) + len(blobFiles(t, o)); n > 0 {
		t.Errorf("%d things are left of what was refused", n)
	}
}

func TestHowUrgentAMessageIs(t *testing.T) {
	o := open(t)
	routine, sameDay, urgent := message.Routine, message.SameDay, message.Urgent
	for name, c := range map[string]struct {
		change func(*intake.Taking)
		want   message.Urgency
		due    time.Duration
	}{
		"as its type is":                 {func(in *intake.Taking) {}, routine, 24 * time.Hour},
		"as an answer raises it":         {func(in *intake.Taking) { in.Form["days_left"] = "0" }, sameDay, 4 * time.Hour},
		"as the taker says":              {func(in *intake.Taking) { in.Urgency = &urgent }, urgent, 30 * time.Minute},
		"less, as the taker says":        {func(in *intake.Taking) { in.Form["days_left"], in.Urgency = "0", &routine }, routine, 24 * time.Hour},
		"not less, as a machine says":    {func(in *intake.Taking) { machine(in); in.Form["days_left"], in.Urgency = "0", &routine }, sameDay, 4 * time.Hour},
		"more, as a machine says":        {func(in *intake.Taking) { machine(in); in.Urgency = &urgent }, urgent, 30 * time.Minute},
		"louder for an unknown address":  {func(in *intake.Taking) { in.Flags = []message.Flag{message.FlagUnknownAddress} }, sameDay, 4 * time.Hour},
		"as it is for an unreadable one": {func(in *intake.Taking) { in.Flags = []message.Flag{message.FlagUnreadable} }, routine, 24 * time.Hour},
	} {
		in := refill()
		c.change(&in)
		e := o.envelope(t, o.take(t, in).ID)
		if e.Urgency != c.want || e.Due.Sub(e.ReceivedAt) != c.due || !slices.Equal(e.Flags, in.Flags) {
			t.Errorf("%s: %s, due after %s", name, e.Urgency, e.Due.Sub(e.ReceivedAt))
		}
	}
}

func machine(in *intake.Taking) {
	in.TypedBy, in.Device, in.Channel = "", "d-web", message.ChannelAPI
}

func TestManyCallersGetEachTheirOwnNumber(t *testing.T) {
	o := open(t)
	const callers, each = 16, 20
	var mu sync.Mutex
	numbers := map[message.Number]message.ID{}
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				in := refill()
				in.Form["reason"] = message.Clear(fmt.Sprintf("caller %d call %d", c, i))
				r, err := o.intake.Take(t.Context(), in)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				numbers[r.Number] = r.ID
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(numbers) != callers*each {
		t.Fatalf("%d numbers for %d messages", len(numbers), callers*each)
	}
	said := map[string]bool{}
	for n := message.FirstNumber; n < message.FirstNumber+callers*each; n++ {
		id, ok := numbers[n]
		if !ok {
			t.Fatalf("%s was not given", n)
		}
		said[o.record(t, id).Field("reason").Reveal()] = true
	}
	if len(said) != callers*each {
		t.Errorf("%d different messages are kept", len(said))
	}
	report, err := audit.Verify(t.Context(), o.store)
	if err != nil || report.FirstBad != nil {
		t.Errorf("the log does not verify: %+v, %v", report, err)
	}
}

func TestAFailingOrPanickingNeighbourHarmsNobody(t *testing.T) {
	o := open(t)
	broken := errors.New("no such timer")
	o.bell.fail = func(e message.Envelope) error {
		switch e.CallType {
		case message.TypeBilling:
			return broken
		case message.TypeOther:
			panic("Ana Ruiz")
		}
		return nil
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	outcomes := map[message.CallType][]error{}
	for i := range 60 {
		wg.Go(func() {
			in := refill()
			switch i % 3 {
			case 1:
				in.Type, in.Form = message.TypeBilling, map[string]message.Clear{"caller": "A", "callback": "1234", "question": "x"}
			case 2:
				in.Type, in.Form = message.TypeOther, map[string]message.Clear{"caller": "A", "callback": "1234", "reason": "x"}
			}
			in.Files = []intake.Attachment{{Type: "audio/wav", Role: message.RoleAttachment, Data: make([]byte, message.InlineLimit+1)}}
			_, err := o.intake.Take(t.Context(), in)
			mu.Lock()
			outcomes[in.Type] = append(outcomes[in.Type], err)
			mu.Unlock()
		})
	}
	wg.Wait()
	for typ, errs := range outcomes {
		for _, err := range errs {
			switch {
			case typ == message.TypeRefill && err != nil:
				t.Errorf("a neighbour failed: %v", err)
			case typ == message.TypeBilling && !errors.Is(err, broken):
				t.Errorf("the failing one answers %v", err)
			case typ == message.TypeOther && (err == nil || strings.Contains(err.Error(), "Ana")):
				t.Errorf("the panicking one answers %v", err)
			}
		}
	}
	for bucket, n := range map[string]int{store.EnvelopeBucket: 20, store.PackBucket: 20, timers: 20} {
		if got := o.count(t, bucket); got != n {
			t.Errorf("%s has %d, not %d", bucket, got, n)
		}
	}
	if got := len(blobFiles(t, o)); got != 20 {
		t.Errorf("%d blobs are left, not 20", got)
	}
	if r := o.take(t, refill()); r.Number != message.FirstNumber+20 {
		t.Errorf("the next number is %s: one was given to a message that is not there", r.Number)
	}
}

func TestAMessageWhoseEpochIsClosedMeanwhileIsSealedAnew(t *testing.T) {
	o := open(t)
	first := o.take(t, refill())
	closed := false
	o.bell.fail = func(message.Envelope) error {
		if !closed {
			closed = true
			return vault.ErrEpochClosed
		}
		return nil
	}
	r := o.take(t, refill())
	if !closed || r.Number != first.Number+1 {
		t.Errorf("taken as %s", r.Number)
	}
	if o.record(t, r.ID).Field("caller") != "Priya Raman" {
		t.Error("the record is not what was typed")
	}
	o.bell.fail = func(message.Envelope) error { return vault.ErrEpochClosed }
	if _, err := o.intake.Take(t.Context(), refill()); !errors.Is(err, vault.ErrEpochClosed) {
		t.Errorf("an epoch that never opens answers %v", err)
	}
}

func encodes(v any) bool {
	_, err := json.Marshal(v)
	return err == nil
}

func TestNothingThatIsLoggedOrPrintedHoldsAMessage(t *testing.T) {
	o := open(t)
	in := refill()
	in.Form["reason"] = "Ostrander"
	in.Text = "Ostrander"
	in.Files = []intake.Attachment{{Name: "Ostrander.pdf", Type: "text/plain; name=Ostrander", Data: []byte("Ostrander")}}
	o.take(t, in)
	in.Type = "nowhere"
	_, err := o.intake.Take(t.Context(), in)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if out := fmt.Sprintf(verb+verb, in, in.Files[0]) + fmt.Sprintf(verb, err); strings.Contains(out, "Ostrander") {
			t.Errorf("%s prints the message", verb)
		}
	}
	if encodes(in) {
		t.Error("a taking is encoded as JSON")
	}
	if strings.Contains(o.log.String(), "Ostrander") || !strings.Contains(o.log.String(), "message taken") {
		t.Errorf("the log holds %s", o.log)
	}
}
