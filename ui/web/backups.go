package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance"
	"nightbell/appliance/access"
)

type backupsView struct {
	*frame
	Problem            problem
	Done               string
	CanRun, Running    bool
	RunWords           string
	DoneBytes, Total   int64
	Lose, LoseMore     string
	Proven, ProvenMore string
	Back, BackMore     string
	Folder             string
	Points             []pointView
}

type pointView struct {
	At             when
	Messages, Size string
	Kind, Proof    string
	Took           string
}

func (s *Server) backups(c echo.Context) error { return s.backupsPage(c, http.StatusOK, problem{}) }

func (s *Server) backupsPage(c echo.Context, status int, words problem) error {
	f, err := s.frame(c, "backups", "backups.title")
	if err != nil {
		return err
	}
	v := backupsView{frame: f, Problem: words}
	if v.Folder, err = s.app.BackupFolder(); err != nil {
		return err
	}
	points, err := s.app.Backups(c.Request().Context())
	if err != nil && words.Text == "" { // the folder is away: the page says so and shows the rest
		v.Problem = s.explain(err)
	}
	state, err := s.app.BackupState()
	if err != nil {
		return err
	}
	v.Running, v.DoneBytes, v.Total, v.RunWords = state.Running, state.Done, state.Total, s.runWords(state)
	v.CanRun = sessionOf(c).May(access.ManageBackups) && v.Folder != "" && !state.Running
	if !state.Running && state.Failing != "" && v.Problem.Text == "" {
		v.Problem = problem{s.words.say("backups.failed"), sentence(state.Failing)}
	}
	s.backupAnswers(&v, points)
	return s.page(c, status, "backups", v)
}

// backupAnswers fills in the large numbers: what would be lost, whether it can
// be had back, and how long that takes.
func (s *Server) backupAnswers(v *backupsView, points []appliance.BackupPoint) {
	w, cal := s.words, s.today()
	v.Lose, v.LoseMore = w.say("backups.everything"), w.say("backups.everything-more")
	v.Proven, v.ProvenMore = w.say("backups.never"), w.say("backups.never-more")
	v.Back, v.BackMore = w.say("backups.unknown"), w.say("backups.unknown-more")
	if len(points) > 0 {
		v.Lose, v.LoseMore = w.span(max(cal.now.Sub(points[0].At), time.Second)), w.say("backups.lose-more")
	}
	for _, p := range points {
		if !p.Proven {
			continue
		}
		v.Proven = cal.when(p.ProvenAt).Said
		v.ProvenMore = w.say("backups.proven-more", p.Messages, w.span(p.ProofTook))
		v.Back, v.BackMore = w.span(p.ProofTook), w.say("backups.back-more")
		break
	}
	for _, p := range points {
		one := pointView{At: cal.when(p.At), Messages: itoa(int(p.Messages)), Size: w.size(p.Size), Kind: "chip--soon", Proof: w.say("backups.unproven")}
		if p.Proven {
			one.Kind, one.Proof, one.Took = "chip--calm", w.say("backups.chip-proven"), w.say("backups.took", w.span(p.ProofTook))
		}
		v.Points = append(v.Points, one)
	}
}

func (s *Server) runWords(state appliance.BackupState) string {
	if !state.Running {
		return ""
	}
	if state.Total == 0 {
		return s.words.say("backups.runs")
	}
	return s.words.say("backups.runs-at", s.words.size(state.Done), s.words.size(state.Total))
}

// backUpNow begins a backup; the page shows how far it is.
func (s *Server) backUpNow(c echo.Context) error {
	if err := s.app.BackupNow(c.Request().Context()); err != nil {
		return s.backupsPage(c, http.StatusConflict, s.explain(err))
	}
	s.followBackup()
	return c.Redirect(http.StatusSeeOther, "/backups")
}

// followBackup tells open pages how far a backup is, until it is done.
func (s *Server) followBackup() {
	s.jobs.Go(func() {
		tick := s.app.Clock.NewTicker(backupTold)
		defer tick.Stop()
		for running := true; running; {
			select {
			case <-s.hub.over:
				return
			case <-tick.Chan():
			}
			state, err := s.app.BackupState()
			running = err == nil && state.Running
			s.hub.backup()
		}
	})
}

// backupTold is how often open pages are told of a running backup.
const backupTold = 500 * time.Millisecond

// backupProgress is what open pages are told of a running backup.
func (s *Server) backupProgress() map[string]any {
	state, err := s.app.BackupState()
	if err != nil {
		s.log.Error("the state of backups could not be read", "err", err)
	}
	return map[string]any{"running": state.Running, "done": state.Done, "total": state.Total, "words": s.runWords(state)}
}
