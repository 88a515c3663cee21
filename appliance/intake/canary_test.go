package intake_test

import (
	"fmt"
	"strings"
	"testing"

	"nightbell/appliance/appliancetest/canary"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// filled fills every field that a type asks on a channel with a canary of its
// own; choices and ticks are codes of ours.
func filled(flock *canary.Flock, typ protocol.Type, ch message.Channel) map[string]message.Clear {
	form := map[string]message.Clear{}
	for _, f := range typ.FieldsFor(ch) {
		switch f.Kind {
		case protocol.Choice:
			form[f.Name] = message.Clear(f.Options[0].Value)
		case protocol.Check:
			form[f.Name] = protocol.Yes
		default:
			form[f.Name] = message.Clear(flock.Word(fmt.Sprintf("%s %s %s", ch, typ.ID, f.Name)))
		}
	}
	return form
}

func attached(flock *canary.Flock, where string) []intake.Attachment {
	return []intake.Attachment{
		{Name: message.Clear(flock.Word(where + " small name")), Type: "text/plain; name=" + flock.ASCII(where+" type"), Role: message.RoleAttachment, Data: []byte(flock.Word(where + " small"))},
		{Name: message.Clear(flock.Word(where + " large name")), Type: "audio/wav", Role: message.RoleAttachment, Data: []byte(flock.Text(where+" large", 200<<10))},
		{Name: message.Clear(flock.Word(where + " original name")), Type: "message/rfc822", Role: message.RoleOriginal, Data: []byte(flock.Text(where+" original", 200<<10))},
	}
}

func TestNothingOfAMessageIsOnDiskInTheClear(t *testing.T) {
	o := open(t)
	flock := canary.New()
	var taken []message.ID
	for _, typ := range protocol.BuiltIn().Types {
		for _, ch := range []message.Channel{message.ChannelDesk, message.ChannelAPI, message.ChannelMail} {
			where := string(ch) + " " + string(typ.ID)
			in := intake.Taking{Type: typ.ID, Channel: ch, Device: "d-any", Form: filled(flock, typ, ch), Files: attached(flock, where),
				Text: message.Clear(flock.Word(where + " text")), Key: flock.ASCII(where + " key")}
			taken = append(taken, o.take(t, in).ID)
		}
		long := intake.Taking{Type: typ.ID, Channel: message.ChannelMail, Device: "d-any", Text: message.Clear(flock.Text(string(typ.ID)+" long text", 100<<10))}
		taken = append(taken, o.take(t, long).ID)
		refused := intake.Taking{Type: typ.ID, Channel: message.ChannelDesk, Device: "d-any", Form: map[string]message.Clear{"caller": message.Clear(flock.Word("refused")), "nobody_asks": message.Clear(flock.Word("refused stranger"))}, Files: attached(flock, "refused")}
		if _, err := o.intake.Take(t.Context(), refused); err == nil {
			t.Fatal("a message with a field that nobody asks is taken")
		}
	}
	found, err := flock.Folder(o.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(found, flock.Bytes("the log", o.log.Bytes())...) {
		t.Error(f)
	}
	seesAll(t, o, flock, taken)
}

// seesAll makes sure that every canary of what was taken is there once it is
// opened: else nothing was proven.
func seesAll(t *testing.T, o *office, flock *canary.Flock, taken []message.ID) {
	t.Helper()
	seen := map[string]bool{}
	for _, id := range taken {
		e, rec := o.envelope(t, id), o.record(t, id)
		line, err := rec.Encode()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range rec.Files {
			line = append(append(line, '\n'), o.contents(t, e, f)...)
		}
		for _, f := range flock.Bytes("record", line) {
			seen[f.Place] = true
		}
	}
	for word, place := range flock.Words() {
		neverKept := strings.HasPrefix(place, "refused") || strings.HasSuffix(place, " key") || strings.HasSuffix(place, " type")
		if !neverKept && !seen[place] {
			t.Errorf("the canary put into %q (%s) is in no opened record", place, word)
		}
	}
}
