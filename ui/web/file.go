package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/desk"
	"nightbell/appliance/message"
)

// fileView is a file of a message. Name is PHI.
type fileView struct {
	Name, About, Href string
	PlayHref          string
	Note              string
}

// playable are the types that a browser's player is given as they are. Nothing
// else is ever shown by the browser itself: a file is saved, under a name that
// says nothing, as bytes.
var playable = map[string]string{
	"audio/wav": ".wav", "audio/x-wav": ".wav", "audio/wave": ".wav", "audio/vnd.wave": ".wav", "audio/mpeg": ".mp3", "audio/mp3": ".mp3",
	"audio/mp4": ".m4a", "audio/x-m4a": ".m4a", "audio/aac": ".aac", "audio/ogg": ".ogg", "audio/webm": ".webm", "audio/flac": ".flac",
}

// endings are the other types that keep their ending when saved, so that the
// right program opens them.
var endings = map[string]string{
	"application/pdf": ".pdf", "image/tiff": ".tif", "image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "text/plain": ".txt",
	"message/rfc822": ".eml", "audio/amr": ".amr", "audio/basic": ".au",
}

func mediaType(declared string) string {
	kind, _, _ := strings.Cut(declared, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

func (s *Server) fileViews(v desk.View) []fileView {
	var views []fileView
	for i, f := range v.Record.Files {
		href := fmt.Sprintf("/messages/%s/files/%d", v.Envelope.ID, i)
		view := fileView{Name: f.Name.Reveal(), About: s.words.say("file.about", s.words.say("role."+string(f.Role)), s.words.size(f.Size)), Href: href}
		if view.Name == "" {
			view.Name = s.words.say("role." + string(f.Role))
		}
		if f.Role == message.RoleAttachment {
			if _, ok := playable[mediaType(f.Type)]; ok {
				view.PlayHref = href + "?play=1"
			}
		}
		if f.Role == message.RoleHTML {
			view.Note = s.words.say("file.html")
		}
		views = append(views, view)
	}
	return views
}

// file hands out a file of a message: to be saved, or to the player.
func (s *Server) file(c echo.Context) error {
	id, err := messageID(c)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(c.Param("file"))
	if err != nil {
		return errNotFound
	}
	f, content, err := s.app.Desk.File(c.Request().Context(), sessionOf(c), id, n)
	if err != nil {
		return notThere(err)
	}
	defer content.Close()
	kind := mediaType(f.Type)
	ending, plays := playable[kind]
	if !plays {
		ending = endings[kind]
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if plays && c.QueryParam("play") != "" {
		h.Set("Content-Type", kind)
		h.Set("Content-Disposition", "inline")
	} else {
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="message-file-%d%s"`, n+1, ending))
	}
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, content)
	return nil
}
