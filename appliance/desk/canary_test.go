package desk_test

import (
	"testing"

	"nightbell/appliance/appliancetest/canary"
	"nightbell/appliance/desk"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

func TestNothingThatIsTypedWhileWorkingIsOnDiskInTheClear(t *testing.T) {
	o := open(t)
	flock := canary.New()
	word := func(place string) message.Clear { return message.Clear(flock.Word(place)) }
	work := func(when string) {
		id := o.take("p-ana")
		_, err := o.desk.Note(t.Context(), ana, id, word(when+" a call taker's note"))
		o.must(err)
		_, err = o.desk.Note(t.Context(), rosa, id, message.Clear(flock.Text(when+" a long note", 9000)))
		o.must(err)
		_, err = o.desk.CallBack(t.Context(), rosa, id, true, word(when+" a call back's note"))
		o.must(err)
		_, err = o.desk.ChangeUrgency(t.Context(), rosa, id, desk.Seen{}, message.SameDay, word(when+" a reason to lower it"))
		o.must(err)
		_, err = o.desk.Close(t.Context(), rosa, id, desk.Seen{}, message.OutcomeDone, word(when+" a closing note"))
		o.must(err)
		if _, err = o.desk.Close(t.Context(), rosa, id, desk.Seen{}, message.OutcomeDone, word(when+" a refused note")); err == nil {
			t.Error("closed twice")
		}
		if when == "open" {
			o.list(rosa, store.Query{State: store.ShowAll})
			if v := o.look(rosa, id); len(v.Notes) != 5 {
				t.Errorf("%d notes", len(v.Notes))
			}
			_, err = o.desk.Chart(t.Context(), rosa, id)
			o.must(err)
		}
	}
	work("open")
	o.lock()
	work("locked")
	found, err := flock.Folder(o.dir)
	o.must(err)
	for _, f := range append(found, flock.Bytes("the log", o.log.Bytes())...) {
		t.Error(f)
	}
}
