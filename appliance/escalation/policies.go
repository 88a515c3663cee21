package escalation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/store"
)

// policyBucket holds the policies that people made, by Policy.ID.
const policyBucket = "policies"

var policies = store.NewTable[Policy](policyBucket)

// What a policy may say.
const (
	maxSteps   = 20
	maxTargets = 20
	maxRepeat  = 20
	minPromise = time.Minute
	maxPromise = 24 * time.Hour
	maxPhone   = 40
	maxName    = 80

	// maxRound is how long an urgent call may go from one to the next before
	// everybody is rung: after it, nobody calls it urgent any more.
	maxRound = 2 * time.Hour
)

// ID names the policy in the store and in the audit log.
func (p Policy) ID() string { return policyID(p.Type, p.Urgency) }

func policyID(t message.CallType, u message.Urgency) string { return string(t) + "/" + u.String() }

// inShort is a duration without its zeros: "2h", not "2h0m0s".
func inShort(d time.Duration) string {
	s := d.String()
	if d%time.Minute == 0 {
		s = strings.TrimSuffix(s, "0s")
	}
	if d%time.Hour == 0 {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Policies answers every policy that can be read: those that people made and,
// where nobody made one for all urgent calls, the usual one.
func Policies(tx *store.Tx) ([]Policy, error) {
	var list []Policy
	err := policies.Each(tx, "", func(_ string, p Policy) error {
		list = append(list, p)
		return nil
	})
	if notDamage(err) {
		return nil, fmt.Errorf("reading the policies: %w", err)
	}
	if !slices.ContainsFunc(list, func(p Policy) bool { return p.ID() == usual().ID() }) {
		list = append(list, usual())
	}
	slices.SortFunc(list, func(a, b Policy) int {
		if a.Urgency != b.Urgency {
			return int(b.Urgency) - int(a.Urgency)
		}
		return strings.Compare(string(a.Type), string(b.Type))
	})
	return list, nil
}

// PolicyFor answers how calls of a type and urgency are rung: by a policy of
// their own, else by that of all types, else urgent ones as usual and others not
// at all (false). A policy that cannot be read counts as the usual one: it was
// made so that something rings.
func PolicyFor(tx *store.Tx, t message.CallType, u message.Urgency) (Policy, bool) {
	for _, id := range []string{policyID(t, u), policyID("", u)} {
		switch p, found, err := policies.Get(tx, id); {
		case err != nil:
			return usual(), true
		case found:
			return p, true
		}
	}
	return usual(), u == message.Urgent
}

// Kept answers the policy that people made for a type and urgency, if they did.
func Kept(tx *store.Tx, t message.CallType, u message.Urgency) (Policy, bool) {
	p, found, err := policies.Get(tx, policyID(t, u))
	return p, found && err == nil
}

// SetPolicy keeps a policy for the calls of its type and urgency. What rings
// already goes on by the policy that it began with.
func SetPolicy(tx *store.Tx, by string, p Policy, at time.Time) error {
	if p.Promise == 0 {
		p.Promise = usualPromise
	}
	if err := p.check(stepOf(tx)); err != nil {
		return err
	}
	if err := policies.Put(tx, p.ID(), p); err != nil {
		return fmt.Errorf("keeping the policy %s: %w", p.ID(), err)
	}
	_, err := audit.Append(tx, audit.Leaf{At: at, Who: by, What: audit.PolicySet, About: []string{p.ID()},
		Data: map[string]string{"steps": strconv.Itoa(len(p.Steps)), "promise": p.Promise.String()}})
	return err
}

// RemovePolicy goes back to what rings without it: the policy of all types, or
// the usual one for urgent calls, or nothing.
func RemovePolicy(tx *store.Tx, by string, t message.CallType, u message.Urgency, at time.Time) error {
	id := policyID(t, u)
	if !tx.Has(policyBucket, id) {
		return nil
	}
	if err := policies.Delete(tx, id); err != nil {
		return fmt.Errorf("removing the policy %s: %w", id, err)
	}
	_, err := audit.Append(tx, audit.Leaf{At: at, Who: by, What: audit.PolicyRemoved, About: []string{id}})
	return err
}

// policiesAreWhole says whether every policy can be read.
func policiesAreWhole(tx *store.Tx) bool {
	return policies.Each(tx, "", func(string, Policy) error { return nil }) == nil
}

// Unfit says what is wrong with a policy, in words for the person who made it.
type Unfit struct {
	Step  int // from 1; 0: the policy as a whole
	Words string
}

func (e *Unfit) Error() string {
	if e.Step == 0 {
		return e.Words
	}
	return fmt.Sprintf("Step %d: %s", e.Step, e.Words)
}

// check answers an *Unfit for a policy that could leave a call unheard.
func (p Policy) check(usualWait time.Duration) error {
	if _, err := p.Urgency.MarshalText(); err != nil {
		return &Unfit{Words: "Choose an urgency."}
	}
	if len(p.Steps) == 0 {
		return &Unfit{Words: "A policy needs a step: somebody has to be rung."}
	}
	for _, steps := range [][]Step{p.Steps, p.Again} {
		if err := p.checkRound(steps, usualWait); err != nil {
			return err
		}
	}
	if p.Promise < minPromise || p.Promise > maxPromise {
		return &Unfit{Words: "The promise to call back is between 1 minute and 24 hours."}
	}
	return p.LastResort.check()
}

func (p Policy) checkRound(steps []Step, usualWait time.Duration) error {
	if len(steps) > maxSteps {
		return &Unfit{Words: fmt.Sprintf("A policy has at most %d steps.", maxSteps)}
	}
	var round time.Duration
	for i, s := range steps {
		if err := s.check(i + 1); err != nil {
			return err
		}
		round += s.wait(usualWait) * time.Duration(1+s.Repeat)
	}
	if p.Urgency == message.Urgent && round > maxRound {
		return &Unfit{Words: fmt.Sprintf("All steps together take %s; for an urgent call, everybody has to be rung after %s at the latest.", inShort(round), inShort(maxRound))}
	}
	return nil
}

func (s Step) check(n int) error {
	switch {
	case len(s.Whom) == 0:
		return &Unfit{n, "Choose whom it rings."}
	case len(s.Whom) > maxTargets:
		return &Unfit{n, fmt.Sprintf("It rings at most %d.", maxTargets)}
	case s.Wait != 0 && (s.Wait < minStep || s.Wait > maxStep):
		return &Unfit{n, fmt.Sprintf("It waits between %s and %s.", inShort(minStep), inShort(maxStep))}
	case s.Repeat < 0 || s.Repeat > maxRepeat:
		return &Unfit{n, fmt.Sprintf("It repeats at most %d times.", maxRepeat)}
	}
	for _, t := range s.Whom {
		if !t.fits() {
			return &Unfit{n, "Choose whom it rings."}
		}
	}
	for _, k := range s.Channels {
		if k == "" || k == notify.KindDesk || !isCode(string(k)) {
			return &Unfit{n, "Choose channels that leave the building; the desks ring at each step."}
		}
	}
	return nil
}

func (t Target) fits() bool {
	switch t.Kind {
	case Next, Assignee, Everybody, Staff:
		return true
	case Layer:
		return t.Schedule != "" || t.Layer != ""
	case OnePerson:
		return t.Person != ""
	}
	return false
}

func (l LastResort) check() error {
	digits := strings.Trim(l.Phone, "0123456789+-(). ")
	if digits != "" || len(l.Phone) > maxPhone {
		return &Unfit{Words: "Give a phone number of digits, such as +1 503 555 0100."}
	}
	if len(l.PhoneName) > maxName || strings.ContainsFunc(l.PhoneName, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return &Unfit{Words: fmt.Sprintf("Give a name of at most %d characters for that number.", maxName)}
	}
	return nil
}

func isCode(s string) bool {
	return len(s) <= 32 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
