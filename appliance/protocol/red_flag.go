package protocol

import "nightbell/appliance/message"

// RedFlag is what in a caller's words may be dangerous. It raises an urgency and
// never lowers one; it diagnoses nothing. At a desk it asks the taker; where
// nobody is there to ask (mail, a machine) it raises.
type RedFlag struct {
	ID          string             `yaml:"id"`
	Name        string             `yaml:"name"`                          // "Chest pain"
	Ask         string             `yaml:"ask,omitempty"`                 // what the taker asks the caller then
	Say         string             `yaml:"say,omitempty"`                 // what the taker says: the emergency sentence
	Words       []string           `yaml:"words"`                         // phrases; see Phrase
	YoungerThan int                `yaml:"younger_than_months,omitempty"` // only for patients who are known to be born less than so many months ago
	Types       []message.CallType `yaml:"call_types,omitempty"`          // none: all
	To          message.Urgency    `yaml:"raise_to"`
}

// A phrase is matched on whole words, whatever their case, accents and
// punctuation, with some tolerance for spelling in words of five letters and
// more. Its words stand in this order with at most two others between two of
// them; " + " joins parts in any order, within forty words of each other or in two
// fields; "a|b" is either of two words. A word that ends in * matches by its beginning. "not" and "no" are words like others: whether a flag
// is denied is for a person to say.
