package web

import (
	"context"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/desk"
	"nightbell/appliance/message"
)

// changeUrgency makes a message more urgent, or with a reason less.
func (s *Server) changeUrgency(c echo.Context) error {
	return s.work(c, deed{did: "urgency", form: "urgency", do: func(ctx context.Context, who access.Session, id message.ID) (message.Envelope, error) {
		to, err := message.ParseUrgency(posted(c, "urgency"))
		if err != nil {
			return message.Envelope{}, &desk.Invalid{Field: "urgency", Words: s.words.say("do.urgency-missing")}
		}
		return s.app.Desk.ChangeUrgency(ctx, who, id, readSeen(c), to, noteOf(c))
	}})
}

// otherUrgencies are what a message's urgency can be changed to, the loudest first.
func (s *Server) otherUrgencies(is message.Urgency) (list []option) {
	for u := message.Urgent; u >= message.Routine; u-- {
		if u != is {
			list = append(list, option{Value: u.String(), Label: s.words.say("urgency." + u.String()), Key: itoa(len(list) + 1)})
		}
	}
	return list
}
