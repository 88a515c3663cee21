package web

import (
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

type settingsView struct {
	*frame
	MailProblem, BellProblem, BackupProblem problem
	MailDone, BellDone, BackupDone          string

	Smarthost, From, User, CA string
	HasPassword               bool
	TestTo                    string
	Step, Folder              string
	Zone, Host, Version       string
}

func (s *Server) settings(c echo.Context) error {
	return s.settingsPage(c, http.StatusOK, func(*settingsView) {})
}

// settingsPage shows the settings as they are, with what a form has to say or
// what was typed into it laid over them.
func (s *Server) settingsPage(c echo.Context, status int, over func(*settingsView)) error {
	f, err := s.frame(c, "settings", "settings.title")
	if err != nil {
		return err
	}
	practice := s.app.Practice()
	v := settingsView{frame: f, Zone: practice.Zone.String(), Host: practice.Host, Version: version()}
	err = s.view(func(tx *store.Tx) error {
		get := func(k settings.Key) string { return settings.Get(tx, k) }
		v.Smarthost, v.From, v.User, v.CA = get(settings.MailSmarthost), get(settings.MailFrom), get(settings.MailUser), get(settings.MailCA)
		v.Step, v.Folder = get(settings.BellStep), get(settings.BackupFolder)
		me, _, err := s.app.Access.Person(tx, sessionOf(c).Who)
		v.TestTo = me.Mail
		return err
	})
	if err != nil {
		return err
	}
	if v.HasPassword, err = s.app.HasMailPassword(); err != nil {
		return err
	}
	switch done := s.words.say("saved.done"); c.QueryParam("saved") {
	case "mail":
		v.MailDone = done
	case "bell":
		v.BellDone = done
	case "backup":
		v.BackupDone = done
	}
	over(&v)
	return s.page(c, status, "settings", v)
}

// setMail keeps how mail leaves. A password field left empty keeps the password.
func (s *Server) setMail(c echo.Context) error {
	values := map[settings.Key]string{
		settings.MailSmarthost: trimmed(c, "smarthost"), settings.MailFrom: trimmed(c, "from"),
		settings.MailUser: trimmed(c, "user"), settings.MailCA: trimmed(c, "ca"),
	}
	ctx, by := c.Request().Context(), string(sessionOf(c).Who)
	err := s.app.SetSettings(ctx, by, values)
	if password := posted(c, "password"); err == nil && (password != "" || values[settings.MailUser] == "") {
		err = s.app.SetMailPassword(ctx, by, password)
	}
	if err != nil {
		return s.settingsPage(c, statusOf(err), func(v *settingsView) {
			v.MailProblem = s.explain(err)
			v.Smarthost, v.From, v.User, v.CA = values[settings.MailSmarthost], values[settings.MailFrom], values[settings.MailUser], values[settings.MailCA]
		})
	}
	return c.Redirect(http.StatusSeeOther, "/settings?saved=mail#mail")
}

// testMail sends a test to an address and says what happened.
func (s *Server) testMail(c echo.Context) error {
	to := trimmed(c, "to")
	words, err := s.app.Queue.Test(c.Request().Context(), to)
	return s.settingsPage(c, statusOf(err), func(v *settingsView) {
		v.TestTo = to
		if err != nil {
			v.MailProblem = s.unsent(err)
			return
		}
		v.MailDone = sentence(words)
	})
}

// unsent says why a test did not go.
func (s *Server) unsent(err error) problem {
	p := s.explain(err)
	p.Text, p.Do = s.words.say("settings.unsent"), strings.TrimSpace(p.Text+" "+p.Do)
	return p
}

func (s *Server) setBell(c echo.Context) error {
	step := strings.ReplaceAll(trimmed(c, "step"), " ", "")
	if err := s.app.SetSetting(c.Request().Context(), string(sessionOf(c).Who), settings.BellStep, step); err != nil {
		return s.settingsPage(c, statusOf(err), func(v *settingsView) { v.BellProblem, v.Step = s.explain(err), step })
	}
	return c.Redirect(http.StatusSeeOther, "/settings?saved=bell#bell")
}

func (s *Server) setBackup(c echo.Context) error {
	folder := trimmed(c, "folder")
	if err := s.app.SetSetting(c.Request().Context(), string(sessionOf(c).Who), settings.BackupFolder, folder); err != nil {
		return s.settingsPage(c, statusOf(err), func(v *settingsView) { v.BackupProblem, v.Folder = s.explain(err), folder })
	}
	return c.Redirect(http.StatusSeeOther, "/settings?saved=backup#backup")
}

// testFolder tries whether a folder keeps what is written there.
func (s *Server) testFolder(c echo.Context) error {
	folder := trimmed(c, "folder")
	words, err := s.app.TestFolder(c.Request().Context(), folder)
	return s.settingsPage(c, statusOf(err), func(v *settingsView) {
		v.Folder = folder
		if err != nil {
			v.BackupProblem = s.explain(err)
			return
		}
		v.BackupDone = words
	})
}

// version is the program's, as it was built.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "devel"
}
