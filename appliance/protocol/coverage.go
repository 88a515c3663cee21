package protocol

// Window is a time in which somebody answers the practice's calls. Weekly windows
// share the week among them; special ones (a season, a holiday, a vacation) lie
// over it. Times are the practice's wall clock.
type Window struct {
	ID       string  `yaml:"id"`
	Name     string  `yaml:"name"`    // "Open", "Lunch", "After hours", "Flu season"
	Answers  string  `yaml:"answers"` // who takes the calls, in words: "front desk", "overflow", "after-hours specialist"
	Greeting string  `yaml:"greeting,omitempty"`
	Weekly   []Hours `yaml:"weekly,omitempty"`   // of a special window: only then; none: the whole day
	From     Day     `yaml:"from,omitempty"`     // special: first day
	To       Day     `yaml:"to,omitempty"`       // special: last day, included
	Holidays bool    `yaml:"holidays,omitempty"` // special: on the holidays of the on-call calendar
}

// Hours are a span of the week: on each of Days from From to To. To at or before
// From is on the next day; "24:00" is the end of the day.
type Hours struct {
	Days []Weekday `yaml:"days"`
	From Clock     `yaml:"from"`
	To   Clock     `yaml:"to"`
}

// Special says whether the window lies over the weekly ones.
func (w Window) Special() bool { return w.Holidays || w.From != "" || w.To != "" }

type (
	Day     string // "2026-12-24"
	Weekday string // "mon" to "sun"
	Clock   string // "08:00", "24:00"
)
