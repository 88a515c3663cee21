package intake

import (
	"slices"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// answered keeps the red flags that asked the call taker. One that is real makes
// the call as urgent as it says, whatever else was chosen; one that is not changes
// nothing. What is no flag of the call's version is left out: no call is refused
// for it. Of several answers the last counts.
func (d *draft) answered() {
	at := d.in.clock.Now().UTC()
	for _, flag := range d.protocol.RedFlags {
		raised, asked := d.taking.answer(flag)
		if !asked {
			continue
		}
		said := message.FlagNo
		if raised {
			said = message.FlagYes
		}
		d.record.Flags = append(d.record.Flags, message.Flagged{Flag: flag.ID, Said: said, At: at})
	}
	d.urgency = max(d.urgency, d.taking.UrgencyIn(d.protocol, d.typ))
}

// UrgencyIn answers how urgent a person's call becomes when it is taken: as it was
// chosen or its answers make it, and as urgent as the red flags that are real.
func (t *Taking) UrgencyIn(p protocol.Protocol, typ protocol.Type) message.Urgency {
	u := t.urgency(typ)
	for _, flag := range p.RedFlags {
		if raised, _ := t.answer(flag); raised {
			u = max(u, flag.To)
		}
	}
	return u
}

// answer is what a person said to a flag.
func (t *Taking) answer(flag protocol.RedFlag) (raised, asked bool) {
	if t.TypedBy == "" {
		return false, false
	}
	for _, one := range slices.Backward(t.Asked) {
		if one.ID == flag.ID {
			return one.Raised, true
		}
	}
	return false, false
}

// heard looks for red flags in a message that a machine sent: nobody is there to
// ask what the words mean, and so they raise the urgency. They never lower it.
func (d *draft) heard() {
	if d.taking.Device == "" {
		return
	}
	at := d.in.clock.Now().UTC()
	about := protocol.About{Type: d.typ.ID, Born: d.typ.BornIn(d.taking.Form, at), At: at}
	var to message.Urgency
	for _, found := range d.in.flags(d.protocol).Find(about, d.texts()...) {
		to = max(to, found.Flag.To)
		d.record.Flags = append(d.record.Flags, message.Flagged{Flag: found.Flag.ID, Said: message.FlagUnasked, At: at})
	}
	d.raise(to)
}

// raise makes the message more urgent and says on its envelope that its words did,
// not which.
func (d *draft) raise(to message.Urgency) {
	if to <= d.urgency {
		return
	}
	d.urgency = to
	d.taking.Flags = append(slices.Clip(d.taking.Flags), message.FlagRedFlag)
}

// texts are what the sender told, all of it: the largest mail takes seconds, which
// is less than a sender waits for its answer.
func (d *draft) texts() (list []message.Clear) {
	for _, one := range d.typ.Told(message.Record{Form: d.taking.Form, Text: d.taking.Text}, d.taking.Channel) {
		list = append(list, one.Text)
	}
	return append(list, d.taking.Aside...)
}
