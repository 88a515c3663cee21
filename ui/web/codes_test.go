package web

import (
	"slices"
	"strings"
	"testing"

	"nightbell/appliance/desk"
	"nightbell/appliance/finding"
	"nightbell/appliance/message"
	"nightbell/appliance/relay"
)

// A code without a word would stand on a page as it is.
func TestEveryCodeHasItsWord(t *testing.T) {
	w, err := readWords("words/en.txt")
	if err != nil {
		t.Fatal(err)
	}
	channels := texts(message.ChannelDesk, message.ChannelMail, message.ChannelAPI, message.ChannelDrill)
	seals := texts(desk.Locked, desk.NotYours, desk.Forged, desk.Gone, desk.Broken)
	for prefix, codes := range map[string][]string{
		"channel.": channels, "message.sub.": channels, "event.received.": channels,
		"sealed.": seals, "sealed.why.": seals, "sealed.do.": seals,
		"outcome.":     texts(message.Outcomes()...),
		"status.":      texts(message.New, message.Taken, message.CalledBack, message.Closed),
		"flag.":        texts(message.FlagUnknownAddress, message.FlagUnreadable, message.FlagHungUp, message.FlagRedFlag),
		"role.":        texts(message.RoleAttachment, message.RoleOriginal, message.RoleHTML, message.RoleText),
		"queue.kind.":  texts(relay.KindNotice, relay.KindSecure),
		"queue.state.": texts(relay.StateWaiting, relay.StateRefused),
		"urgency.":     {message.Routine.String(), message.SameDay.String(), message.Urgent.String()},
		"severity.":    {finding.Note.String(), finding.Warning.String(), finding.Alarm.String()},
	} {
		for _, code := range codes {
			if w[prefix+code] == "" {
				t.Errorf("%s%s has no word", prefix, code)
			}
		}
		for key := range w {
			code, ours := strings.CutPrefix(key, prefix)
			if ours && !strings.Contains(code, ".") && key != "sealed.what" && !slices.Contains(codes, code) {
				t.Errorf("%s is a word for no code", key)
			}
		}
	}
}

func texts[T ~string](codes ...T) (list []string) {
	for _, c := range codes {
		list = append(list, string(c))
	}
	return list
}

func TestATimelineSaysWhatFailedForNobodyInParticular(t *testing.T) {
	w, err := readWords("words/en.txt")
	if err != nil {
		t.Fatal(err)
	}
	got := (&Server{words: w}).eventWords(message.Event{What: message.EventFailed, Detail: "desk-refused"}, desk.View{})
	if got != "The desks could not be rung." {
		t.Errorf("it says %q", got)
	}
}
