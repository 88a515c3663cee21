package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

type queueView struct {
	*frame
	Entries []entryView
}

type entryView struct {
	Kind, To    string
	State, Chip string
	Why         string
	Tries       int
	Next        when
}

// queue shows the mail that waits, and why.
func (s *Server) queue(c echo.Context) error {
	f, err := s.frame(c, "queue", "queue.title")
	if err != nil {
		return err
	}
	entries, err := s.app.Waiting()
	if err != nil {
		return err
	}
	v := queueView{frame: f}
	cal := s.today()
	for _, e := range entries {
		one := entryView{Kind: s.words.say("queue.kind." + string(e.Kind)), To: e.ToDomain, State: s.words.say("queue.state." + string(e.State)), Why: e.Why, Tries: e.Attempts, Next: cal.when(e.NextAt)}
		if one.To == "" {
			one.To = s.words.say("queue.sealed")
		}
		if e.Why != "" {
			one.Chip = "chip--soon"
		}
		v.Entries = append(v.Entries, one)
	}
	return s.page(c, http.StatusOK, "queue", v)
}
