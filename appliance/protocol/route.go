package protocol

import "nightbell/appliance/message"

// Route says where calls go. Every part of its When must match; an empty part
// matches all.
type Route struct {
	ID   string   `yaml:"id"` // stable: envelopes and explanations name it
	When Match    `yaml:"when,omitempty"`
	To   Target   `yaml:"to"`
	Due  Duration `yaml:"due,omitempty"` // 0: as the type says
}

// Match is what a route looks at.
type Match struct {
	Types     []message.CallType `yaml:"call_types,omitempty"`
	Urgencies []message.Urgency  `yaml:"urgencies,omitempty"`
	Providers []string           `yaml:"providers,omitempty"` // the form's "provider", compared without case, dots and titles
	Windows   []string           `yaml:"windows,omitempty"`   // ids of coverage windows
	Channels  []message.Channel  `yaml:"channels,omitempty"`
}

// Target is who gets a call: one team, one person, or whoever is on call.
type Target struct {
	Team   message.TeamID   `yaml:"team,omitempty"`
	Person message.PersonID `yaml:"person,omitempty"`
	OnCall bool             `yaml:"on_call,omitempty"` // it is rung by its escalation policy, whatever its urgency
}

// An urgent call is rung by its escalation policy wherever it goes: a route
// decides who works it, never whether somebody is woken.
