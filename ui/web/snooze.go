package web

import (
	"context"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
)

// snoozeMinutes are what a desk offers to whoever takes a message and cannot
// call at once.
var snoozeMinutes = []int{5, 10, 20, 30}

// snooze takes a message with a promise to call back in some minutes.
func (s *Server) snooze(c echo.Context) error {
	return s.work(c, deed{did: "snoozed", form: "snooze", do: func(ctx context.Context, who access.Session, id message.ID) (message.Envelope, error) {
		minutes, _ := strconv.Atoi(posted(c, "minutes")) // what is no number is refused as 0
		return s.app.Desk.Snooze(ctx, who, id, time.Duration(minutes)*time.Minute)
	}})
}

// snoozeOptions are the choices of the form, each with its key: those within what
// the practice promised the caller, and the shortest always.
func (s *Server) snoozeOptions(chosen string, bell message.Standing) (list []option) {
	left := bell.Promise
	if bell.Promised {
		left = bell.Broken.Sub(s.app.Clock.Now())
	}
	for i, m := range snoozeMinutes {
		if i > 0 && time.Duration(m)*time.Minute > left {
			break
		}
		list = append(list, option{Value: itoa(m), Label: s.words.say("do.snooze-minutes", m), Key: itoa(i + 1), Chosen: itoa(m) == chosen})
	}
	return list
}
