package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

type devicesView struct {
	*frame
	Problem        problem
	Done           string
	Host           string
	Password, User string // of a device that was just made, shown once
	Devices        []deviceView
	Addresses      []option
	Typed          string
}

type deviceView struct {
	ID, Name string
	Seen     when
	Disabled bool
	Refused  bool // since it was last let in
}

func (s *Server) devices(c echo.Context) error {
	return s.devicesPage(c, http.StatusOK, devicesView{})
}

func (s *Server) devicesPage(c echo.Context, status int, v devicesView) error {
	f, err := s.frame(c, "devices", "devices.title")
	if err != nil {
		return err
	}
	v.frame, v.Host = f, s.app.Practice().Host
	if c.QueryParam("saved") != "" {
		v.Done = s.words.say("saved.done")
	}
	p, err := s.protocol()
	if err != nil {
		return err
	}
	for _, t := range p.Types {
		v.Addresses = append(v.Addresses, option{Value: string(t.ID), Label: t.Name})
	}
	err = s.view(func(tx *store.Tx) error {
		list, err := s.app.Access.Devices(tx)
		for _, d := range list {
			v.Devices = append(v.Devices, deviceView{ID: string(d.ID), Name: d.Name, Seen: s.today().when(d.UsedAt), Disabled: d.Disabled, Refused: !d.RefusedAt.IsZero()})
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.page(c, status, "devices", v)
}

// addDevice makes a machine's credential and shows it, this once.
func (s *Server) addDevice(c echo.Context) error {
	name := trimmed(c, "name")
	d, password, err := s.app.Access.AddDevice(c.Request().Context(), string(sessionOf(c).Who), strings.ReplaceAll(name, " ", "-"))
	if err != nil {
		return s.devicesPage(c, statusOf(err), devicesView{Problem: s.explain(err), Typed: name})
	}
	return s.devicesPage(c, http.StatusOK, devicesView{Password: password, User: d.Name})
}

// disableDevice refuses a machine from now on; its name is typed first.
func (s *Server) disableDevice(c echo.Context) error {
	id := message.DeviceID(c.Param("id"))
	var d access.Device
	var found bool
	if err := s.view(func(tx *store.Tx) (err error) { d, found, err = s.app.Access.Device(tx, id); return err }); err != nil {
		return err
	}
	if !found {
		return errNotFound
	}
	if !strings.EqualFold(trimmed(c, "typed"), d.Name) {
		return s.devicesPage(c, http.StatusUnprocessableEntity, devicesView{Problem: problem{Text: s.words.say("people.typed-other", d.Name)}})
	}
	if err := s.app.Access.DisableDevice(c.Request().Context(), string(sessionOf(c).Who), id); err != nil {
		return s.devicesPage(c, statusOf(err), devicesView{Problem: s.explain(err)})
	}
	return c.Redirect(http.StatusSeeOther, "/devices?saved=1")
}
