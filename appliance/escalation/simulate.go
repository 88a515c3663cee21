package escalation

import (
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// SimulatedStep is one step of a call that never was.
type SimulatedStep struct {
	At         time.Time         `json:"at"`    // UTC
	After      time.Duration     `json:"after"` // since the call came, in nanoseconds
	Step       int               `json:"step"`  // of the policy, from 1
	Of         int               `json:"of"`
	Repeat     bool              `json:"repeat,omitempty"` // the same people once more
	People     []SimulatedPerson `json:"people,omitempty"`
	All        bool              `json:"all,omitempty"`         // each of them must answer
	Skipped    bool              `json:"skipped,omitempty"`     // it reaches nobody: the next one runs at once
	LastResort bool              `json:"last_resort,omitempty"` // the steps are used up: everybody rings too, from here on
	Phone      string            `json:"phone,omitempty"`
	PhoneName  string            `json:"phone_name,omitempty"`
}

// SimulatedPerson is one person whom a step would ring.
type SimulatedPerson struct {
	Person   message.PersonID `json:"person"`
	Channels []notify.Kind    `json:"channels,omitempty"` // by which they would be reached; none: they would not
}

// Simulate answers what a call that comes at a moment and is never answered
// would ring by a policy, up to the first time that everybody is: by the plan
// that rings, with the people on call at each step's time. Nothing is written.
// A policy that could not be kept is an *Unfit.
func (e *Engine) Simulate(tx *store.Tx, p Policy, at time.Time) ([]SimulatedStep, error) {
	if p.Promise == 0 {
		p.Promise = usualPromise
	}
	if err := p.check(stepOf(tx)); err != nil {
		return nil, err
	}
	return e.simulate(tx, p, "", at)
}

// SimulateCall is Simulate for a call that came in now, as things stand; false
// when it does not ring.
func (e *Engine) SimulateCall(tx *store.Tx, env message.Envelope, at time.Time) ([]SimulatedStep, bool, error) {
	p, rings := PolicyFor(tx, env.CallType, env.Urgency)
	if !rings && !env.OnCall {
		return nil, false, nil
	}
	steps, err := e.simulate(tx, p, env.Assignee, at)
	return steps, true, err
}

func (e *Engine) simulate(tx *store.Tx, p Policy, given message.PersonID, at time.Time) ([]SimulatedStep, error) {
	usualWait := stepOf(tx)
	t := timer{Type: p.Type, Urgency: p.Urgency, Reason: notify.Waiting, Policy: &p, Assignee: given, Given: given}
	var list []SimulatedStep
	for moment := at.UTC(); ; {
		answer, err := oncall.Now(tx, moment)
		if notDamage(err) {
			return nil, err
		}
		view := e.preview(tx, answer, moment)
		now, got, err := view.step(&t)
		if err != nil {
			return nil, err
		}
		one := SimulatedStep{At: moment, After: moment.Sub(at), Step: now.n, Of: now.of, Repeat: now.again, All: now.All, Skipped: !got && !now.last, LastResort: now.last}
		for _, id := range now.people {
			ways, err := view.ways(id, now.Step)
			if err != nil {
				return nil, err
			}
			one.People = append(one.People, SimulatedPerson{Person: id, Channels: ways})
		}
		if now.last {
			one.Phone, one.PhoneName = p.LastResort.Phone, p.LastResort.PhoneName
			return append(list, one), nil
		}
		list = append(list, one)
		if !one.Skipped {
			moment = moment.Add(now.wait(usualWait))
		}
	}
}
