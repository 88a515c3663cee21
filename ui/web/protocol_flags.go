package web

import (
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// flagsView is the list of red flags, and a sentence that was tried.
type flagsView struct {
	*protocolFrame
	Flags []flagRow
	Tried string // the sentence, kept nowhere
	Found []foundFlag
	None  bool // it raises nothing
	New   flagForm
}

type flagRow struct {
	ID, Name, Urgency, About string
	First, Last              bool
}

// foundFlag is a flag that a sentence raises, with the words that do.
type foundFlag struct{ Name, Words string }

// flagForm is a red flag as its form shows it.
type flagForm struct {
	ID, Name, Ask, Say, Words string
	Urgencies, Types          []option
	Younger                   int
	Wrong                     string // the input that could not be kept
}

func (s *Server) flagsPage(c echo.Context) error {
	return s.flagList(c, nil, protocol.RedFlag{To: message.Urgent})
}

func (s *Server) flagList(c echo.Context, failed error, typed protocol.RedFlag) error {
	f, d, err := s.protocolFrame(c, "flags", "protocol.flags")
	if err != nil {
		return err
	}
	v := flagsView{protocolFrame: f, New: s.flagForm(d.Protocol, typed)}
	if failed != nil {
		s.fail(f, failed, inEntry)
		v.New.Wrong = f.Wrong
	}
	for i, one := range d.Protocol.RedFlags {
		v.Flags = append(v.Flags, flagRow{ID: one.ID, Name: one.Name, Urgency: s.words.say("urgency." + one.To.String()), About: s.words.count("flags.words", len(one.Words)), First: i == 0, Last: i == len(d.Protocol.RedFlags)-1})
	}
	if v.Tried = trimmed(c, "sentence"); v.Tried != "" {
		for _, found := range d.Protocol.Compile().Find(protocol.About{At: s.app.Clock.Now()}, message.Clear(v.Tried)) {
			one := foundFlag{Name: found.Flag.Name}
			var words []string
			for _, p := range found.Places {
				words = append(words, "“"+v.Tried[p.Start:p.End]+"”")
			}
			one.Words = s.words.and(words)
			v.Found = append(v.Found, one)
		}
		v.None = len(v.Found) == 0
	}
	return s.page(c, statusOf(failed), "protocol_flags", v)
}

func (s *Server) flagForm(p protocol.Protocol, f protocol.RedFlag) flagForm {
	v := flagForm{ID: f.ID, Name: f.Name, Ask: f.Ask, Say: f.Say, Words: strings.Join(f.Words, "\n"), Younger: f.YoungerThan}
	for _, u := range []message.Urgency{message.Urgent, message.SameDay} {
		v.Urgencies = append(v.Urgencies, option{Value: u.String(), Label: s.words.say("urgency." + u.String()), Chosen: u == f.To})
	}
	for _, t := range p.Types {
		chosen := false
		for _, id := range f.Types {
			chosen = chosen || id == t.ID
		}
		v.Types = append(v.Types, option{Value: string(t.ID), Label: t.Name, Chosen: chosen})
	}
	return v
}

// changeFlags adds, moves or removes a red flag.
func (s *Server) changeFlags(c echo.Context) error {
	if err := c.Request().ParseForm(); err != nil {
		return echo.ErrBadRequest
	}
	if posted(c, "do") == "try" {
		return s.flagList(c, nil, protocol.RedFlag{To: message.Urgent})
	}
	id, typed := posted(c, "id"), readFlag(c)
	err := s.editProtocol(c, "/protocol/flags", func(p *protocol.Protocol) error {
		switch posted(c, "do") {
		case "up":
			p.MoveFlag(id, -1)
		case "down":
			p.MoveFlag(id, 1)
		case "remove":
			p.RemoveFlag(id)
		default:
			typed.ID = ""
			p.SetFlag(typed)
		}
		return nil
	})
	if err != nil {
		return s.flagList(c, err, typed)
	}
	return nil
}

// flagView is one red flag to be changed.
type flagView struct {
	*protocolFrame
	Flag flagForm
}

func (s *Server) flagPage(c echo.Context) error { return s.oneFlag(c, nil, nil) }

func (s *Server) oneFlag(c echo.Context, failed error, typed *protocol.RedFlag) error {
	f, d, err := s.protocolFrame(c, "flags", "protocol.flags")
	if err != nil {
		return err
	}
	for _, one := range d.Protocol.RedFlags {
		if one.ID != c.Param("id") {
			continue
		}
		if typed != nil {
			one = *typed
		}
		v := flagView{protocolFrame: f, Flag: s.flagForm(d.Protocol, one)}
		v.Title = one.Name
		if failed != nil {
			s.fail(f, failed, inEntry)
			v.Flag.Wrong = f.Wrong
		}
		return s.page(c, statusOf(failed), "protocol_flag", v)
	}
	return errNotFound
}

// changeFlag keeps what stands about one red flag.
func (s *Server) changeFlag(c echo.Context) error {
	if err := c.Request().ParseForm(); err != nil {
		return echo.ErrBadRequest
	}
	typed := readFlag(c)
	typed.ID = c.Param("id")
	err := s.editProtocol(c, "/protocol/flags/"+typed.ID, func(p *protocol.Protocol) error {
		for _, f := range p.RedFlags {
			if f.ID == typed.ID {
				p.SetFlag(typed)
			}
		}
		return nil
	})
	if err != nil {
		return s.oneFlag(c, err, &typed)
	}
	return nil
}

// readFlag reads the form of a red flag: its words one a line.
func readFlag(c echo.Context) protocol.RedFlag {
	f := protocol.RedFlag{Name: trimmed(c, "name"), Ask: trimmed(c, "ask"), Say: trimmed(c, "say"), YoungerThan: versionIn(posted(c, "younger")), To: message.Urgent}
	for line := range strings.Lines(posted(c, "words")) {
		if line = strings.TrimSpace(line); line != "" {
			f.Words = append(f.Words, line)
		}
	}
	if u, err := message.ParseUrgency(posted(c, "urgency")); err == nil {
		f.To = u
	}
	for _, t := range c.Request().PostForm["types"] {
		f.Types = append(f.Types, message.CallType(t))
	}
	return f
}
