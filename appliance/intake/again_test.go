package intake_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

func TestTheSameKeyMakesOneMessage(t *testing.T) {
	o := open(t)
	in := refill()
	in.Key = "8e03978e-40d5-43e8-bc93-6894a57f9324"
	first := o.take(t, in)
	again := o.take(t, in)
	if !again.Again || again.ID != first.ID || again.Number != first.Number || !again.ReceivedAt.Equal(first.ReceivedAt) {
		t.Errorf("again answers %+v, first %+v", again, first)
	}
	other := in
	other.TypedBy = "p-bo"
	device := in
	device.TypedBy, device.Device = "", "p-ana"
	for name, in := range map[string]intake.Taking{"another person's": other, "a machine's": device} {
		if r := o.take(t, in); r.Again || r.ID == first.ID {
			t.Errorf("%s key is taken for the same", name)
		}
	}
}

func TestManyWithTheSameKeyAtOnceMakeOneMessage(t *testing.T) {
	o := open(t)
	in := refill()
	in.Key = "one"
	in.Files = []intake.Attachment{{Type: "audio/wav", Role: message.RoleAttachment, Data: make([]byte, message.InlineLimit+1)}}
	var wg sync.WaitGroup
	receipts := make([]intake.Receipt, 16)
	for i := range receipts {
		wg.Go(func() {
			var err error
			if receipts[i], err = o.intake.Take(t.Context(), in); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	fresh := 0
	for _, r := range receipts {
		if r.ID != receipts[0].ID || r.Number != 1001 {
			t.Errorf("a receipt names %s %s", r.ID, r.Number)
		}
		if !r.Again {
			fresh++
		}
	}
	if fresh != 1 || o.count(t, store.EnvelopeBucket) != 1 || o.count(t, timers) != 1 || len(blobFiles(t, o)) != 1 {
		t.Errorf("%d were new, %d messages, %d blobs", fresh, o.count(t, store.EnvelopeBucket), len(blobFiles(t, o)))
	}
}

func TestWhenItIsNotKnownWhetherItWasKeptNothingIsDestroyed(t *testing.T) {
	o := open(t)
	in := refill()
	in.Key = "once"
	in.Files = []intake.Attachment{{Type: "audio/wav", Role: message.RoleAttachment, Data: make([]byte, message.InlineLimit+1)}}
	for cause, blobs := range map[error]int{store.ErrFull: 0, store.ErrUnknown: 1} {
		o.bell.fail = func(message.Envelope) error { return fmt.Errorf("committing: %w", cause) }
		if _, err := o.intake.Take(t.Context(), in); !errors.Is(err, cause) {
			t.Errorf("%v becomes %v", cause, err)
		}
		if got := len(blobFiles(t, o)); got != blobs {
			t.Errorf("after %v %d blobs are left, not %d", cause, got, blobs)
		}
		for _, path := range blobFiles(t, o) { // as the sweep of the next start does
			if err := store.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	o.bell.fail = nil
	if r := o.take(t, in); r.Again || r.Number != message.FirstNumber {
		t.Errorf("trying again answers %+v", r)
	}
}

func TestARetryIsAnsweredThoughNothingNewIsTaken(t *testing.T) {
	o := open(t)
	in := refill()
	in.Key = "once"
	first := o.take(t, in)
	o.bell.fail = func(message.Envelope) error { return store.ErrFull }
	if r, err := o.intake.Take(t.Context(), in); err != nil || !r.Again || r.ID != first.ID {
		t.Errorf("trying again answers %+v, %v", r, err)
	}
	if _, err := o.intake.Take(t.Context(), refill()); !errors.Is(err, store.ErrFull) {
		t.Errorf("a full disk answers %v", err)
	}
}
