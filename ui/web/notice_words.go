package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/store"
)

type noticeWordsView struct {
	*frame
	Kind, Name string
	Done       string
	Words      []noticeWords
}

// noticeWords are the words of one reason on one channel.
type noticeWords struct {
	Reason, Label string
	Title, Text   string
	Problem       problem
	ShowTitle     string // as a notice would say them
	ShowText      string
}

// noticeWords shows what notices on one channel say, to be changed.
func (s *Server) noticeWords(c echo.Context) error {
	return s.noticeWordsPage(c, http.StatusOK, notify.Kind(c.QueryParam("kind")), nil, problem{})
}

// setNoticeWords keeps words, or shows how a notice would say them.
func (s *Server) setNoticeWords(c echo.Context) error {
	own := notify.OwnWords{Kind: notify.Kind(posted(c, "kind")), Reason: notify.Reason(posted(c, "reason")), Title: trimmed(c, "title"), Text: trimmed(c, "text")}
	switch posted(c, "do") {
	case "show":
		return s.noticeWordsPage(c, http.StatusOK, own.Kind, &own, s.guarded(own))
	case "usual":
		own.Title, own.Text = "", ""
	}
	if err := s.app.SetNoticeWords(c.Request().Context(), string(sessionOf(c).Who), own); err != nil {
		return s.noticeWordsPage(c, statusOf(err), own.Kind, &own, s.badWords(err))
	}
	return c.Redirect(http.StatusSeeOther, "/channels/words?kind="+string(own.Kind)+"&saved=1")
}

// guarded says what the guard has against words, without keeping them.
func (s *Server) guarded(own notify.OwnWords) problem {
	if err := notify.CheckWords(own); err != nil {
		return s.badWords(err)
	}
	return problem{}
}

func (s *Server) badWords(err error) problem {
	var bad *notify.BadWords
	if errors.As(err, &bad) {
		return problem{s.words.say("notice.refused"), sentence(bad.Why)}
	}
	return s.explain(err)
}

func (s *Server) noticeWordsPage(c echo.Context, status int, kind notify.Kind, typed *notify.OwnWords, p problem) error {
	if !worded(kind) {
		return errNotFound
	}
	f, err := s.frame(c, "channels", "notice.title")
	if err != nil {
		return err
	}
	v := noticeWordsView{frame: f, Kind: string(kind), Name: s.words.say("channels.kind." + string(kind))}
	if c.QueryParam("saved") != "" {
		v.Done = s.words.say("saved.done")
	}
	err = s.view(func(tx *store.Tx) error {
		for _, own := range notify.Words(tx, kind) {
			one := noticeWords{Reason: string(own.Reason), Label: s.words.say("notice.reason." + string(own.Reason))}
			if typed != nil && typed.Reason == own.Reason {
				own, one.Problem = *typed, p
			}
			one.Title, one.Text = own.Title, own.Text
			now := s.app.Clock.Now()
			said := s.app.PreviewNotice(tx, own, notify.Notice{Number: message.FirstNumber + 41, Type: message.TypeUrgent, Urgency: message.Urgent, Since: now, Reason: own.Reason, Step: 1}, now)
			one.ShowTitle, one.ShowText = said.Title, said.Text
			v.Words = append(v.Words, one)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.page(c, status, "notice_words", v)
}

// worded says whether a channel's words can be changed.
func worded(kind notify.Kind) bool {
	for _, form := range channelForms {
		for _, k := range form.kinds {
			if k == kind {
				return true
			}
		}
	}
	return false
}
