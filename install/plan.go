package install

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/kardianos/service"
)

// machine is what Install finds before it does anything: with Options, all that
// decides what it does.
type machine struct {
	system     System
	executable string // this program
	owner      string // of the data folder; "" when there is none yet
	hasUser    bool   // the service's user is there already
	installed  bool   // a service of this name is there already
}

// step is one thing that Install does, and how Plan says it.
type step struct {
	text string
	do   func(context.Context) error
}

// Plan says what Install would do on this machine, without doing any of it. Where
// no service manager runs, in a container say, it says what would be done by the
// one that machines of this kind usually have.
func Plan(o Options) (string, error) {
	system, missing := ThisSystem()
	if missing != nil {
		usual, known := usualSystems[runtime.GOOS]
		if !known {
			return "", missing
		}
		system = usual
	}
	m, err := look(o, system)
	if err != nil {
		return "", err
	}
	if missing == nil {
		if err := m.ask(o); err != nil {
			return "", err
		}
		return plan(o, m)
	}
	text, err := plan(o, m)
	return fmt.Sprintf("%s does not run on this machine. Where it does:\n%s", system, text), err
}

// usualSystems are the service managers that machines usually have.
var usualSystems = map[string]System{"linux": Systemd, "darwin": Launchd, "windows": Windows}

func plan(o Options, m machine) (string, error) {
	steps, err := o.steps(m)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i, s := range steps {
		lines := strings.Split(strings.TrimRight(s.text, "\n"), "\n")
		fmt.Fprintf(&b, "%d. %s\n", i+1, lines[0])
		for _, line := range lines[1:] {
			b.WriteString(strings.TrimRight("      "+line, " ") + "\n")
		}
	}
	return b.String(), nil
}

// look finds out what there is.
func look(o Options, system System) (m machine, err error) {
	m.system = system
	if m.executable, err = os.Executable(); err == nil {
		m.executable, err = filepath.EvalSymlinks(m.executable)
	}
	if err != nil {
		return m, fmt.Errorf("finding this program: %w", err)
	}
	if m.owner, err = ownerOf(o.Data); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("looking at the data folder: %w", err)
	}
	_, err = user.Lookup(o.runsAs(m))
	m.hasUser = err == nil
	return m, nil
}

// ask asks the service manager what it has of this name.
func (m *machine) ask(o Options) error {
	state, err := Status(o)
	m.installed = err == nil && state != NotInstalled
	return err
}

// runsAs is whom the service runs as: whom the folder belongs to, so that the
// command line of that person and the service share it, but never root.
func (o Options) runsAs(m machine) string {
	if o.User != "" {
		return o.User
	}
	if m.owner != "" && m.owner != "root" {
		return m.owner
	}
	return Name
}

// sharedPrograms is where a program goes that lies where no service can reach it.
const sharedPrograms = "/usr/local/bin"

// privatePlaces are people's own folders, and those that are emptied.
var privatePlaces = []string{"/home", "/root", "/run/user", "/tmp", "/var/tmp", "/Users", "/private/tmp"}

// steps are what Install does on a machine, in order.
func (o Options) steps(m machine) (steps []step, err error) {
	o.Name, o.User = cmp.Or(o.Name, Name), o.runsAs(m)
	from := cmp.Or(o.Executable, m.executable)
	o.Executable = from
	if m.system != Windows && slices.ContainsFunc(privatePlaces, func(dir string) bool { return below(from, dir) }) {
		o.Executable = sharedPrograms + "/" + Name
	}
	if err := o.check(m.system); err != nil {
		return nil, err
	}
	if o.Executable != from {
		steps = append(steps, step{"Copy the program from " + from + " to " + o.Executable, func(context.Context) error { return copyProgram(from, o.Executable) }})
	}
	prepare, err := o.prepare(m)
	if err != nil {
		return nil, err
	}
	steps = append(steps, prepare...)
	return append(steps, o.register(m)), nil
}

// prepare makes the service's user and gives it the data folder.
func (o Options) prepare(m machine) ([]step, error) {
	switch m.system {
	case Systemd:
		var steps []step
		if !m.hasUser {
			add := []string{"useradd", "--system", "--user-group", "--home-dir", o.Data, "--no-create-home", "--shell", "/usr/sbin/nologin", o.User}
			steps = append(steps, step{"Make the user " + o.User + ":\n" + strings.Join(add, " "), command(add)})
		}
		return append(steps, o.giveData()), nil
	case Launchd:
		if !m.hasUser {
			return nil, fmt.Errorf("the data folder %s needs an owner other than root, whom the service then runs as; give it one (sudo chown -R NAME %[1]q) and try again", o.Data)
		}
		log := step{"Give the log " + o.launchdLog() + " to " + o.User, func(context.Context) error { return ownFile(o.launchdLog(), o.User) }}
		return []step{o.giveData(), log}, nil
	case Windows:
		grant := append([]string{"icacls"}, o.windowsGrants()...)
		return []step{
			{"Make the data folder " + o.Data, func(context.Context) error { return os.MkdirAll(o.Data, 0o700) }},
			{"Keep it to the service, the administrators and the system:\n" + strings.Join(grant, " "), command(grant)},
		}, nil
	}
	return nil, fmt.Errorf("there is no service manager called %q", string(m.system))
}

func (o Options) giveData() step {
	return step{"Give " + o.Data + " to " + o.User + ", with all in it, and keep everybody else out", func(context.Context) error { return giveFolder(o.Data, o.User) }}
}

// register hands the service to its manager.
func (o Options) register(m machine) step {
	c := o.config(m.system)
	what := map[System]string{
		Systemd: "Write /etc/systemd/system/" + o.Name + ".service and enable it, to start with the machine",
		Launchd: "Write /Library/LaunchDaemons/" + o.Name + ".plist, to start with the machine",
		Windows: "Register the service with Windows",
	}[m.system]
	if m.installed {
		what += ", in place of the one that is there"
	}
	return step{what + ":\n" + o.text(m.system), func(context.Context) error {
		s, err := o.control(c)
		if err != nil {
			return err
		}
		if m.installed {
			if err := s.Uninstall(); err != nil {
				return fmt.Errorf("removing the service that is there: %w", err)
			}
		}
		if err := s.Install(); err != nil {
			return fmt.Errorf("registering the service: %w", err)
		}
		return nil
	}}
}

// Install registers `serve` as a service of this machine that starts with it,
// and does what that needs. It does not start it. An earlier service of the same
// name is replaced; run again after a failure, it goes on where it stopped.
func Install(ctx context.Context, o Options) error {
	system, err := ThisSystem()
	if err != nil {
		return err
	}
	m, err := look(o, system)
	if err != nil {
		return err
	}
	if err := m.ask(o); err != nil {
		return err
	}
	steps, err := o.steps(m)
	if err != nil {
		return err
	}
	if err := mayChangeMachine(); err != nil {
		return err
	}
	for _, s := range steps {
		if err := s.do(ctx); err != nil {
			what, _, _ := strings.Cut(s.text, "\n")
			return fmt.Errorf("could not do this: %s: %w", what, err)
		}
	}
	return nil
}

// Uninstall stops the service and takes it off the machine. The program, the
// user and the data folder stay.
func Uninstall(o Options) error {
	s, err := o.control(nil)
	if err != nil {
		return err
	}
	if err := mayChangeMachine(); err != nil {
		return err
	}
	state, err := Status(o)
	switch {
	case err != nil:
		return err
	case state == NotInstalled:
		return errNotInstalled
	case state == Running:
		if err := s.Stop(); err != nil {
			return fmt.Errorf("stopping the service: %w", err)
		}
	}
	if err := s.Uninstall(); err != nil {
		return fmt.Errorf("removing the service: %w", err)
	}
	return nil
}

// Start starts the installed service.
func Start(o Options) error { return tell(o, "starting", service.Service.Start) }

// Stop stops it. It starts again with the machine.
func Stop(o Options) error { return tell(o, "stopping", service.Service.Stop) }

func tell(o Options, doing string, do func(service.Service) error) error {
	s, err := o.control(nil)
	if err != nil {
		return err
	}
	if state, err := Status(o); err != nil {
		return err
	} else if state == NotInstalled {
		return errNotInstalled
	}
	if err := mayChangeMachine(); err != nil {
		return err
	}
	if err := do(s); err != nil {
		return fmt.Errorf("%s the service: %w", doing, err)
	}
	return nil
}

var errNotInstalled = errors.New("nightbell is not installed as a service here; run: nightbell install")

// State is what the service manager says of the service.
type State string

const (
	Running      State = "running"
	Stopped      State = "stopped"
	Failed       State = "failed" // it ended by itself and is not tried again
	NotInstalled State = "not-installed"
)

// Status asks the service manager.
func Status(o Options) (State, error) {
	s, err := o.control(nil)
	if err != nil {
		return "", err
	}
	switch status, err := s.Status(); {
	case errors.Is(err, service.ErrNotInstalled):
		return NotInstalled, nil
	case err != nil && strings.Contains(err.Error(), "failed state"): // the library's word for systemd's "failed"
		return Failed, nil
	case err != nil:
		return "", fmt.Errorf("asking the service manager: %w", err)
	case status == service.StatusRunning:
		return Running, nil
	default:
		return Stopped, nil
	}
}
