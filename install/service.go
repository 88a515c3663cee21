package install

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/kardianos/service"
)

// Name is what the service is called where no other name is given.
const Name = "nightbell"

// System is a manager of services that Nightbell knows how to live under.
type System string

const (
	Systemd System = "systemd"
	Launchd System = "launchd"
	Windows System = "windows"
)

// ThisSystem answers the one that runs this machine.
func ThisSystem() (System, error) {
	switch p := service.Platform(); {
	case p == "linux-systemd":
		return Systemd, nil
	case p == "darwin-launchd":
		return Launchd, nil
	case p == "windows-service":
		return Windows, nil
	case p == "":
		return "", fmt.Errorf("no service manager was found on this machine; have whatever starts programs here run: nightbell serve")
	default:
		return "", fmt.Errorf("the service manager of this machine (%s) is not one that nightbell installs itself into; have it run: nightbell serve", p)
	}
}

// Options is what the service is to be.
type Options struct {
	Name       string // of the service; "": Name
	Executable string // whole path of the program; "": this one
	Data       string // whole path of the data folder
	User       string // whom it runs as; "": the data folder's owner, or one of its own when that is root
	HTTPS      string // addresses to listen on, handed to serve; "": serve's own
	SMTPS      string
	Backups    []string // folders outside the data folder that backups may be written to
}

// check refuses what cannot work. Everything in Options ends up in a file that
// a service manager reads as root.
func (o Options) check(system System) error {
	if !hostName(o.Name) || strings.Contains(o.Name, ".") {
		return errors.New("a service's name is small letters, digits and dashes")
	}
	if err := plainPath(system, "the program", o.Executable); err != nil {
		return err
	}
	if err := plainPath(system, "the data folder", o.Data); err != nil {
		return err
	}
	for _, dir := range o.Backups {
		if err := plainPath(system, "a backup folder", dir); err != nil {
			return err
		}
	}
	if system != Windows && !userRule.MatchString(o.User) {
		return fmt.Errorf("%q cannot be the name of the service's user", o.User)
	}
	for _, addr := range []string{o.HTTPS, o.SMTPS} {
		if _, err := port(addr); addr != "" && err != nil {
			return fmt.Errorf("%q is not an address to listen on, such as :443", addr)
		}
	}
	return nil
}

var userRule = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,30}$`)

// plainPath refuses paths that a unit file, a property list or the library's
// templates would read as something else.
func plainPath(system System, what, path string) error {
	whole, bad := strings.HasPrefix(path, "/"), "\"'\\"
	if system == Windows {
		whole, bad = len(path) > 3 && path[1:3] == `:\`, `"`
	}
	if !whole {
		return fmt.Errorf("%s needs a whole path, from the root on", what)
	}
	if strings.ContainsAny(path, bad) || strings.Contains(path, "{{") || strings.ContainsFunc(path, unicode.IsControl) {
		return fmt.Errorf("the path of %s has a quote, a backslash, {{ or a line end in it; move it elsewhere", what)
	}
	return nil
}

// backupPlaces are where a second disk, a stick or a share is mounted. The
// service may write there without being installed anew.
var backupPlaces = []string{"/mnt", "/media", "/run/media", "/srv", "/var/backups"}

// arguments of the program, as the service runs it.
func (o Options) arguments() []string {
	args := []string{"serve", "--data", o.Data}
	for _, a := range [][2]string{{"--https", o.HTTPS}, {"--smtps", o.SMTPS}} {
		if a[1] != "" {
			args = append(args, a[0], a[1])
		}
	}
	return args
}

// lowPorts says whether one of the addresses needs what only root has; serve's
// own addresses (443 and 465) do.
func (o Options) lowPorts() bool {
	for _, addr := range []string{o.HTTPS, o.SMTPS} {
		if p, err := port(addr); err != nil || p < 1024 && p != 0 {
			return true
		}
	}
	return false
}

func port(addr string) (int, error) {
	_, p, err := net.SplitHostPort(addr)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(p, 10, 16)
	return int(n), err
}

// config is the service as kardianos/service takes it: the text is ours, made
// beforehand, so that what Plan shows is what is installed.
func (o Options) config(system System) *service.Config {
	c := &service.Config{
		Name: o.Name, DisplayName: displayName, Description: description,
		Executable: o.Executable, Arguments: o.arguments(), Option: service.KeyValue{},
	}
	switch system {
	case Systemd:
		c.Option["SystemdScript"] = o.text(system)
	case Launchd:
		c.Option["LaunchdConfig"] = o.text(system)
	case Windows:
		c.UserName = windowsUser
		c.Option["OnFailure"] = "restart"
		c.Option["OnFailureDelayDuration"] = "1s"
	}
	return c
}

// text is what the service manager is given.
func (o Options) text(system System) string {
	switch system {
	case Systemd:
		return o.systemdUnit()
	case Launchd:
		return o.launchdList()
	}
	return o.windowsService()
}

const (
	displayName = "Nightbell"
	description = "Nightbell, the practice's answering desk"
)

// control answers the handle by which the service is installed, started and
// stopped. The library is only told what to do; this process does not become
// the service by it.
func (o Options) control(c *service.Config) (service.Service, error) {
	if _, err := ThisSystem(); err != nil {
		return nil, err
	}
	if c == nil {
		c = &service.Config{Name: cmp.Or(o.Name, Name)}
	}
	s, err := service.New(nil, c)
	if err != nil {
		return nil, fmt.Errorf("speaking to the service manager: %w", err)
	}
	return s, nil
}
