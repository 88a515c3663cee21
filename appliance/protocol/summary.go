package protocol

import (
	"slices"
	"strings"
	"unicode/utf8"

	"nightbell/appliance/message"
)

// maxSummary is what fits one line of an inbox on a wide screen, in characters.
const maxSummary = 120

// Summary answers the line that the inbox shows for a record: who it is about
// and what. Mail without a form is shown by its sender and subject, a voicemail
// or a fax by what it is.
func (t Type) Summary(r message.Record) (who, what message.Clear) {
	name := firstOf(r, append(slices.Clip(t.Who), FieldMailFrom))
	var said []string
	for _, group := range t.What {
		var words []string
		for _, field := range group {
			if v := r.Field(field).Reveal(); v != "" {
				f, _ := t.Field(field)
				words = append(words, f.LabelOf(v))
			}
		}
		if len(words) > 0 {
			said = append(said, strings.Join(words, " "))
		}
	}
	matter := strings.Join(said, ", ")
	if matter == "" {
		matter = r.Field(FieldMailSubject).Reveal()
	}
	if matter == "" {
		matter = r.Text.Reveal()
	}
	if matter == "" {
		matter = attached(r)
	}
	return oneLine(name), oneLine(matter)
}

func firstOf(r message.Record, fields []string) string {
	for _, f := range fields {
		if v := r.Field(f).Reveal(); v != "" {
			return v
		}
	}
	return ""
}

// attached says what a record without words is.
func attached(r message.Record) string {
	for _, f := range r.Files {
		switch {
		case f.Role != message.RoleAttachment:
		case strings.HasPrefix(f.Type, "audio/"):
			return "Voicemail"
		case f.Type == "application/pdf" || strings.HasPrefix(f.Type, "image/"):
			return "Fax or scan"
		default:
			return "A file"
		}
	}
	return ""
}

func oneLine(s string) message.Clear {
	if len(s) > 4*maxSummary*utf8.UTFMax { // enough of a long text, before it is walked
		s = strings.ToValidUTF8(s[:4*maxSummary*utf8.UTFMax], "")
	}
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= maxSummary {
		return message.Clear(s)
	}
	runes := []rune(s)[:maxSummary-1]
	return message.Clear(strings.TrimRight(string(runes), " ,.;") + "…")
}
