package intake_test

import (
	"fmt"
	"slices"
	"testing"

	"nightbell/appliance/message"
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
