package intake_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/appliancetest/canary"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// saidOf are the red flags of a record: "chest-pain yes".
func saidOf(r message.Record) (list []string) {
	for _, f := range r.Flags {
		list = append(list, fmt.Sprint(f.Flag, " ", f.Said))
	}
	return list
}

func TestWhatTheTakerAnsweredToARedFlagCounts(t *testing.T) {
	o := open(t)
	routine := message.Routine
	for name, c := range map[string]struct {
		asked []message.AskedFlag
		want  message.Urgency
		said  []string
	}{
		"nothing asked":             {nil, message.Routine, nil},
		"it is what it looks like":  {[]message.AskedFlag{{ID: "chest-pain", Raised: true}}, message.Urgent, []string{"chest-pain yes"}},
		"the caller said no":        {[]message.AskedFlag{{ID: "chest-pain"}}, message.Routine, []string{"chest-pain no"}},
		"the last answer counts":    {[]message.AskedFlag{{ID: "chest-pain", Raised: true}, {ID: "chest-pain"}}, message.Routine, []string{"chest-pain no"}},
		"a flag that nobody has":    {[]message.AskedFlag{{ID: "Ana Ruiz", Raised: true}}, message.Routine, nil},
		"two, of which one is real": {[]message.AskedFlag{{ID: "breathing", Raised: true}, {ID: "chest-pain"}}, message.Urgent, []string{"chest-pain no", "breathing yes"}},
	} {
		in := refill()
		in.Urgency, in.Asked = &routine, c.asked
		in.Form["reason"] = "chest pain since noon"
		r := o.take(t, in)
		e := o.envelope(t, r.ID)
		if e.Urgency != c.want || len(e.Flags) > 0 {
			t.Errorf("%s: it is %s with %v", name, e.Urgency, e.Flags)
		}
		if got := saidOf(o.record(t, r.ID)); !slices.Equal(got, c.said) {
			t.Errorf("%s: the record says %q", name, got)
		}
	}
}

// mailed is a mail of a machine.
func mailed(text message.Clear) intake.Taking {
	return intake.Taking{Type: message.TypeBilling, Channel: message.ChannelMail, Device: "d-pbx", Text: text}
}

func TestWordsRaiseWhatAMachineSent(t *testing.T) {
	o := open(t)
	pain := "He has chest pain since noon."
	sameDay, urgent := message.SameDay, message.Urgent
	byAPI := refill()
	machine(&byAPI)
	byAPI.Form["medication"] = message.Clear(pain)
	drill := byAPI
	drill.Channel = message.ChannelDrill
	typed := refill()
	typed.Form["reason"] = message.Clear(pain)
	beside := mailed("see the other part")
	beside.Aside = []message.Clear{message.Clear(pain)}
	subject := mailed("see subject")
	subject.Form = map[string]message.Clear{protocol.FieldMailSubject: "Voicemail: chest pain"}
	sender := mailed("hello")
	sender.Form = map[string]message.Clear{protocol.FieldMailFrom: "chest pain clinic <a@b.example>"}
	raised, loud := mailed(message.Clear(pain)), mailed(message.Clear(pain))
	raised.Urgency, loud.Urgency = &sameDay, &urgent
	unknown := mailed(message.Clear(pain))
	unknown.Flags = []message.Flag{message.FlagUnknownAddress}
	for name, c := range map[string]struct {
		in    intake.Taking
		want  message.Urgency
		flags []message.Flag
		said  []string
	}{
		"by the text of a mail":            {mailed(message.Clear(pain)), message.Urgent, []message.Flag{message.FlagRedFlag}, []string{"chest-pain unasked"}},
		"by its subject":                   {subject, message.Urgent, []message.Flag{message.FlagRedFlag}, []string{"chest-pain unasked"}},
		"not by its sender":                {sender, message.Routine, nil, nil},
		"by a field that came by the API":  {byAPI, message.Urgent, []message.Flag{message.FlagRedFlag}, []string{"chest-pain unasked"}},
		"in a drill":                       {drill, message.Urgent, []message.Flag{message.FlagRedFlag}, []string{"chest-pain unasked"}},
		"not what a person typed":          {typed, message.Routine, nil, nil},
		"although they are denied":         {mailed("She has no chest pain."), message.Urgent, []message.Flag{message.FlagRedFlag}, []string{"chest-pain unasked"}},
		"above what the machine says":      {raised, message.Urgent, []message.Flag{message.FlagRedFlag}, []string{"chest-pain unasked"}},
		"beside another mark":              {unknown, message.Urgent, []message.Flag{message.FlagUnknownAddress, message.FlagRedFlag}, []string{"chest-pain unasked"}},
		"and mark nothing that was urgent": {loud, message.Urgent, nil, []string{"chest-pain unasked"}},
		"not when they are none of danger": {mailed("Please send the bill again."), message.Routine, nil, nil},
		"in a text that is a blob":         {mailed(message.Clear(strings.Repeat("the bill of May again ", 20_000) + pain)), message.Urgent, []message.Flag{message.FlagRedFlag}, []string{"chest-pain unasked"}},
		"at the end of a very long one":    {mailed(message.Clear(strings.Repeat("the bill of May again ", 100_000) + pain)), message.Urgent, []message.Flag{message.FlagRedFlag}, []string{"chest-pain unasked"}},
		"at the end of the largest":        {mailed(message.Clear(strings.Repeat("-", intake.MaxTotal-64<<10) + pain)), message.Urgent, []message.Flag{message.FlagRedFlag}, []string{"chest-pain unasked"}},
		"in what stands beside its text":   {beside, message.Urgent, []message.Flag{message.FlagRedFlag}, []string{"chest-pain unasked"}},
		"where a taker's answer is pretended": {func() intake.Taking {
			in := mailed("Please send the bill again.")
			in.Asked = []message.AskedFlag{{ID: "chest-pain", Raised: true}}
			return in
		}(), message.Routine, nil, nil},
	} {
		r := o.take(t, c.in)
		e := o.envelope(t, r.ID)
		if e.Urgency != c.want || !slices.Equal(e.Flags, c.flags) {
			t.Errorf("%s: it is %s with %v", name, e.Urgency, e.Flags)
		}
		if e.Urgency == message.Urgent && (e.Due.Sub(e.ReceivedAt) > 30*time.Minute || !e.Clinical) {
			t.Errorf("%s: it is urgent, due after %s, clinical: %v", name, e.Due.Sub(e.ReceivedAt), e.Clinical)
		}
		if got := saidOf(o.record(t, r.ID)); !slices.Equal(got, c.said) {
			t.Errorf("%s: the record says %q", name, got)
		}
	}
}

func TestAFlagOfTheYoungLooksAtTheBirthDate(t *testing.T) {
	o := open(t)
	for born, want := range map[message.Clear]message.Urgency{"": message.Routine, "10/30/2026": message.Urgent, "10/30/1961": message.Routine, "last spring": message.Routine} {
		in := refill()
		machine(&in)
		in.Form["medication"] = "fever drops, he has a fever of 101"
		if born != "" {
			in.Form["born"] = born
		}
		if e := o.envelope(t, o.take(t, in).ID); e.Urgency != want {
			t.Errorf("born %q: it is %s", born.Reveal(), e.Urgency)
		}
	}
}

// TestWhichWordsRaisedIsSealed gives the flag itself a name that must be nowhere.
func TestWhichWordsRaisedIsSealed(t *testing.T) {
	o := open(t)
	flock := canary.New()
	name, id := flock.Word("name"), flock.ASCII("id")
	p := protocol.BuiltIn()
	p.RedFlags = []protocol.RedFlag{{ID: id, Name: name, Words: []string{"zebra stripes"}, To: message.Urgent}}
	o.intake = intake.New(intake.Options{Store: o.store, Vault: o.vault, Bell: o.bell, Clock: o.clock,
		Rules: func(*store.Tx, int) (protocol.Protocol, protocol.Calendar, error) {
			return p, protocol.Calendar{Zone: time.UTC}, nil
		}})
	r := o.take(t, mailed("zebra stripes"))
	asked := refill()
	asked.Asked = []message.AskedFlag{{ID: id, Raised: true}}
	asked.Form["reason"] = "zebra"
	o.take(t, asked)
	if got := saidOf(o.record(t, r.ID)); !slices.Equal(got, []string{id + " unasked"}) {
		t.Errorf("the record says %q", got)
	}
	found, err := flock.Folder(o.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(found, flock.Bytes("the log", o.log.Bytes())...) {
		t.Error(f)
	}
}
