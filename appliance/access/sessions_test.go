package access

import (
	"slices"
	"testing"
	"time"
)

func TestABrowserTooManyEndsTheOneUnusedForLongest(t *testing.T) {
	s := newSessions(time.Hour, 12*time.Hour)
	var ended []string
	s.onEnd(func(id string) { ended = append(ended, id) })
	other := s.begin(held{who: "another"}, day)
	var tokens []string
	for i := range maxSessions {
		tokens = append(tokens, s.begin(held{who: "rosa"}, day.Add(time.Duration(i)*time.Second)))
	}
	if _, ok := s.find(tokens[0], day.Add(time.Minute), true); !ok {
		t.Fatal("a session ended early")
	}
	second, _ := s.find(tokens[1], day.Add(time.Minute), false)
	s.begin(held{who: "rosa"}, day.Add(time.Minute))
	if !slices.Equal(ended, []string{second.id}) {
		t.Errorf("ended %v, want the one unused for longest, %s", ended, second.id)
	}
	if _, ok := s.find(other, day.Add(time.Minute), false); !ok {
		t.Error("another person's session ended")
	}
}

func TestEndedSessionsTakeNoMemory(t *testing.T) {
	s := newSessions(time.Hour, 12*time.Hour)
	for i := range 100 {
		s.begin(held{who: "rosa"}, day.Add(time.Duration(i)*time.Hour))
	}
	if len(s.held) > 1 {
		t.Errorf("%d sessions are kept, of which one goes on", len(s.held))
	}
}
