package escalation_test

import (
	"time"

	"pgregory.net/rapid"

	"nightbell/appliance/escalation"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
)

// deed is one thing that happens to a practice. Which fields count depends on
// what it is; the rest is drawn all the same, so that shrinking stays simple.
type deed struct {
	What   string
	Which  int           // which message, among those there are
	Who    int           // which person
	Order  []int         // people, in order
	For    time.Duration // how long
	By     time.Duration // how far the clock is moved
	Yes    bool
	Spoils bool
	Policy []escalation.Step
}

var deeds = []string{
	"wait", "wait", "wait", "wait", "call", "call", "take", "hand off", "call back", "close", "reopen",
	"restart", "restart after the clock went back", "clock jumps", "list", "switch", "spoil", "fail", "commits fail",
	"decline", "decline", "snooze", "policy", "no policy", "urgency", "urgency",
}

func drawDeeds(t *rapid.T) []deed {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) deed {
		return deed{
			What:   rapid.SampledFrom(deeds).Draw(t, "what"),
			Which:  rapid.IntRange(0, 9).Draw(t, "which"),
			Who:    rapid.IntRange(0, 3).Draw(t, "who"),
			Order:  rapid.SliceOfNDistinct(rapid.IntRange(0, 3), 0, 4, rapid.ID).Draw(t, "order"),
			For:    time.Duration(rapid.IntRange(0, 2400).Draw(t, "for")) * time.Second,
			By:     time.Duration(rapid.OneOf(rapid.IntRange(6, 100000), rapid.IntRange(-100000, -6)).Draw(t, "by")) * time.Second,
			Yes:    rapid.Bool().Draw(t, "yes"),
			Spoils: rapid.Bool().Draw(t, "spoils"),
			Policy: rapid.SliceOfN(rapid.Custom(drawStep), 1, 4).Draw(t, "policy"),
		}
	}), 1, 40).Draw(t, "deeds")
}

// drawStep draws a step. All of them wait the same time, so that the model needs
// no plan of its own.
func drawStep(t *rapid.T) escalation.Step {
	kinds := []escalation.Whom{escalation.Next, escalation.Assignee, escalation.Everybody, escalation.Staff, escalation.OnePerson, escalation.Layer}
	s := escalation.Step{Repeat: rapid.IntRange(0, 2).Draw(t, "repeat"), All: rapid.Bool().Draw(t, "all")}
	for _, k := range rapid.SliceOfN(rapid.SampledFrom(kinds), 1, 3).Draw(t, "whom") {
		s.Whom = append(s.Whom, escalation.Target{Kind: k, Person: "hale", Layer: oncall.LayerList})
	}
	if rapid.Bool().Draw(t, "by text only") {
		s.Channels = []notify.Kind{notify.KindSMS}
	}
	return s
}
