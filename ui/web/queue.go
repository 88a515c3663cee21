package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/relay"
	"nightbell/appliance/store"
)

type queueView struct {
	*frame
	Done    string
	Entries []entryView
	Pages   []pageView
}

// pageView is a page that waits: a text, a call, a push.
type pageView struct {
	Key         string
	Kind, To    string
	Number      string
	State, Chip string
	Why         string
	Tries       int
	Next        when
}

type entryView struct {
	ID          message.ID
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
	if c.QueryParam("saved") != "" {
		v.Done = s.words.say("saved.done")
	}
	cal := s.today()
	for _, e := range entries {
		one := entryView{ID: e.ID, Kind: s.words.say("queue.kind." + string(e.Kind)), To: e.ToDomain, State: s.words.say("queue.state." + string(e.State)), Why: e.Why, Tries: e.Attempts, Next: cal.when(e.NextAt)}
		if one.To == "" {
			one.To = s.words.say("queue.sealed")
		}
		if e.Why != "" {
			one.Chip = "chip--soon"
		}
		v.Entries = append(v.Entries, one)
	}
	err = s.view(func(tx *store.Tx) error {
		names := s.names(tx)
		for _, e := range notify.Pages(tx) {
			one := pageView{
				Key: e.Key, Kind: s.words.say("channels.kind." + string(e.Kind)), To: names.of(e.Person), State: s.words.say("queue.state." + string(e.State)), Why: sentence(e.Why), Tries: e.Attempts, Next: cal.when(e.NextAt),
			}
			if e.Number > 0 {
				one.Number = e.Number.String()
			}
			if e.Why != "" {
				one.Chip = "chip--soon"
			}
			v.Pages = append(v.Pages, one)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, "queue", v)
}

// changePage has a page tried at once, or takes it out, unsent.
func (s *Server) changePage(c echo.Context) error {
	change := s.app.RetryPage
	if posted(c, "do") == "drop" {
		change = s.app.DropPage
	}
	err := change(c.Request().Context(), string(sessionOf(c).Who), posted(c, "key"))
	if err != nil && !errors.Is(err, notify.ErrNotQueued) { // it left meanwhile: the page shows the rest
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/queue?saved=1")
}

// sendAgain has a mail tried at once, one that was refused too.
func (s *Server) sendAgain(c echo.Context) error { return s.changeMail(c, s.app.RetryMail) }

// dropMail takes a mail out of the queue, unsent.
func (s *Server) dropMail(c echo.Context) error { return s.changeMail(c, s.app.DropMail) }

func (s *Server) changeMail(c echo.Context, change func(ctx context.Context, by string, id message.ID) error) error {
	id, err := message.ParseID(c.Param("id"))
	if err != nil {
		return errNotFound
	}
	err = change(c.Request().Context(), string(sessionOf(c).Who), id)
	if errors.Is(err, relay.ErrNotQueued) { // it left meanwhile: the page shows the rest
		err = nil
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/queue?saved=1")
}
