package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

type auditView struct {
	*frame
	Size   string
	Root   string
	Leaves []leafView
	Older  string
	Newest bool
}

type leafView struct {
	N         string
	At        when
	Who, What string
	Why       string
	About     string
	Count     int
}

// auditPage is how many records a page shows.
const auditPage = 100

// shownAbout is how many things a record names on the page; a list that was
// read names fifty.
const shownAbout = 6

// auditLog shows the last records of the log, the newest first.
func (s *Server) auditLog(c echo.Context) error {
	f, err := s.frame(c, "audit", "audit.title")
	if err != nil {
		return err
	}
	v := auditView{frame: f}
	err = s.view(func(tx *store.Tx) error {
		head, err := audit.Head(tx)
		if err != nil {
			return err
		}
		end := head.Size
		if before, err := strconv.ParseInt(c.QueryParam("before"), 10, 64); err == nil && before > 0 && before < end {
			end, v.Newest = before, true
		}
		from := max(0, end-auditPage)
		v.Size, v.Root = strconv.FormatInt(head.Size, 10), head.Root
		leaves, err := audit.Range(tx, from, int(end-from))
		if err != nil {
			return err
		}
		names := s.names(tx)
		for i := len(leaves) - 1; i >= 0; i-- {
			v.Leaves = append(v.Leaves, s.leafView(tx, leaves[i], names))
		}
		if from > 0 {
			v.Older = "/audit?before=" + strconv.FormatInt(from, 10)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, "audit", v)
}

func (s *Server) leafView(tx *store.Tx, l audit.Leaf, names *names) leafView {
	v := leafView{N: strconv.FormatInt(l.N, 10), At: s.today().stamp(l.At), Who: s.actor(tx, l.Who, names), What: strings.ReplaceAll(string(l.What), "-", " "), Why: l.Why}
	if l.Count > 1 {
		v.Count = l.Count
	}
	var about []string
	for i, id := range l.About {
		if i == shownAbout {
			about = append(about, s.words.say("audit.more", len(l.About)-shownAbout))
			break
		}
		about = append(about, s.subject(tx, id, names))
	}
	v.About = strings.Join(about, ", ")
	return v
}

// actor says who did something: a person or a device by name, the appliance by
// what it is.
func (s *Server) actor(tx *store.Tx, who string, names *names) string {
	if name, ok := names.find(message.PersonID(who)); ok {
		return name
	}
	if d, ok, err := s.app.Access.Device(tx, message.DeviceID(who)); err == nil && ok {
		return d.Name
	}
	return who
}

// subject says what a record is about: a message by its number, a person or a
// device by name, anything else by its id.
func (s *Server) subject(tx *store.Tx, id string, names *names) string {
	if mid, err := message.ParseID(id); err == nil {
		if e, found, err := store.GetEnvelope(tx, mid); err == nil && found {
			return e.Number.String()
		}
	}
	return s.actor(tx, id, names)
}
