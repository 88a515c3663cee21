// Package protocol is what a practice asks its callers and promises them: the
// call types with their fields and scripts, the red flags that raise an urgency,
// who answers when, and where a message goes. It reads and writes the protocol
// as one file, keeps its versions and the draft of the next one, says what
// differs between two and what is wrong with one.
//
// It keeps no messages and seals nothing. Every envelope names the version it was
// taken under.
package protocol

import "nightbell/appliance/message"

// Protocol is one version of a practice's protocol. Whoever is handed one reads
// it and changes nothing: all who ask share it.
type Protocol struct {
	Version int `yaml:"-"` // from 1; 0: not published

	Title       string    `yaml:"title"` // "Primary-care office"
	Sources     []Source  `yaml:"sources,omitempty"`
	ReviewEvery int       `yaml:"review_every_days"` // how long a version is good for
	Teams       []Team    `yaml:"teams,omitempty"`   // beside "everybody", which is always there
	Types       []Type    `yaml:"call_types"`        // in the order of the page
	RedFlags    []RedFlag `yaml:"red_flags,omitempty"`
	Coverage    []Window  `yaml:"coverage"` // special windows win over weekly ones, the earlier over the later
	Routes      []Route   `yaml:"routes"`   // the first that matches wins; the last matches every call
}

// Source is where a practice's questions come from: what a reader can look up.
type Source struct {
	Title string `yaml:"title"`
	Where string `yaml:"where,omitempty"` // publisher, section, address
}

// Team is a part of the practice that messages are given to.
type Team struct {
	ID   message.TeamID `yaml:"id"`
	Name string         `yaml:"name"`
}

// Type finds a call type by its id.
func (p Protocol) Type(id message.CallType) (Type, bool) {
	for _, t := range p.Types {
		if t.ID == id {
			return t, true
		}
	}
	return Type{}, false
}

// Show answers how to show a message of a type: its own type where the protocol
// still has it, else one with its id for a name and no fields.
func (p Protocol) Show(id message.CallType) Type {
	if t, ok := p.Type(id); ok {
		return t
	}
	return Type{ID: id, Name: string(id), Short: string(id)}
}
