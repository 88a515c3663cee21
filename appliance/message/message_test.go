package message_test

import (
	"encoding/json"
	"testing"

	"nightbell/appliance/message"
)

func TestANumberIsReadAsPeopleWriteIt(t *testing.T) {
	for in, want := range map[string]message.Number{"N-1042": 1042, "n-1042": 1042, "N1042": 1042, "1042": 1042} {
		if got, err := message.ParseNumber(in); err != nil || got != want {
			t.Errorf("%q is read as %v (%v)", in, got, err)
		}
	}
	for _, in := range []string{"", "N-", "N-0", "N--4", "M-1042", "10 42", "N-99999999999999999999"} {
		if _, err := message.ParseNumber(in); err == nil {
			t.Errorf("%q is taken for a number", in)
		}
	}
	if message.FirstNumber.String() != "N-1001" {
		t.Errorf("the first number is %s", message.FirstNumber)
	}
}

func TestAnIDIsSafeAsAFileName(t *testing.T) {
	id, err := message.NewID()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := message.ParseID(string(id)); err != nil {
		t.Errorf("a new id is refused: %v", err)
	}
	for _, in := range []string{"", "../../etc/passwd", "0192F3A4-0000-7000-8000-000000000001",
		"{0192f3a4-0000-7000-8000-000000000001}", "urn:uuid:0192f3a4-0000-7000-8000-000000000001", "0192f3a4000070008000000000000001"} {
		if _, err := message.ParseID(in); err == nil {
			t.Errorf("%q is taken for an id", in)
		}
	}
}

func TestUrgencyIsWrittenAsAWordAndOrdered(t *testing.T) {
	for u, word := range map[message.Urgency]string{message.Routine: `"routine"`, message.SameDay: `"same-day"`, message.Urgent: `"urgent"`} {
		b, err := json.Marshal(u)
		if err != nil || string(b) != word {
			t.Errorf("%d is written as %s (%v)", u, b, err)
		}
		var back message.Urgency
		if err := json.Unmarshal(b, &back); err != nil || back != u {
			t.Errorf("%s is read as %v (%v)", b, back, err)
		}
	}
	if !(message.Routine < message.SameDay && message.SameDay < message.Urgent) {
		t.Error("a more urgent message is not larger")
	}
	if _, err := json.Marshal(message.Urgency(7)); err == nil {
		t.Error("an urgency that does not exist is written")
	}
	var u message.Urgency
	if err := u.UnmarshalText([]byte("soon")); err == nil {
		t.Error("a word that is no urgency is read")
	}
}

func TestFlagsAreFound(t *testing.T) {
	e := message.Envelope{Flags: []message.Flag{message.FlagUnknownAddress}}
	if !e.Has(message.FlagUnknownAddress) || e.Has(message.FlagUnreadable) {
		t.Error("the envelope does not know its flags")
	}
}
