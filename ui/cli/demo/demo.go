// Package demo plays a short day of a made-up practice on this machine: the real
// program as a child process, a real mail client, a real HTTP client, and a real
// smarthost to receive. It narrates each step with the time it took.
//
// It drives the program from outside, by its command line, its pages and its
// doors, and cheats in one thing: past messages are taken through the real
// intake with a clock that is set back. Everything lies in a temp folder that is
// removed at the end.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"nightbell/appliance/appliancetest/smarthost"
)

// Options is how a demo is played.
type Options struct {
	Program string    // the nightbell executable
	Out     io.Writer // where it narrates
	Once    bool      // play and end, instead of serving until the context ends
	HTTPS   string    // address of the pages; "127.0.0.1:0" picks a free port
}

// Run plays the day. Its error is the first step that failed; what it made is
// removed either way.
func Run(ctx context.Context, o Options) (err error) {
	root, err := os.MkdirTemp("", "nightbell-demo-")
	if err != nil {
		return fmt.Errorf("making the demo's folder: %w", err)
	}
	d := &day{o: o, root: root, story: &story{out: o.Out, began: time.Now()}}
	defer func() { err = errors.Join(err, d.end()) }()
	for _, chapter := range []struct {
		title string
		play  func(context.Context) error
	}{
		{"A practice is set up", d.setUp},
		{"The day begins", d.open},
		{"Calls come in", d.calls},
		{"An urgent call", d.urgent},
		{"A message leaves, sealed", d.send},
		{"The server dies, and the desk comes back", d.lose},
	} {
		d.story.chapter(chapter.title)
		if err := chapter.play(ctx); err != nil {
			if ctx.Err() != nil {
				return nil // Ctrl-C in the middle is an end like another
			}
			return fmt.Errorf("%s: %w", strings.ToLower(chapter.title), err)
		}
	}
	d.farewell()
	if !o.Once {
		<-ctx.Done()
	}
	return nil
}

// day is the state of a running demo.
type day struct {
	o     Options
	root  string
	story *story

	smarthost *smarthost.Server
	server    *server
	device    device
	front     *browser // Rosa's, with her inbox open
	messages  int      // how many there are
}

// path is a file of the demo.
func (d *day) path(name string) string { return filepath.Join(d.root, name) }

// nightbell runs a command on the practice's folder and answers what it printed.
func (d *day) nightbell(ctx context.Context, args ...string) (string, error) {
	return d.run(ctx, append(args, "--data", d.path("data"))...)
}

// run runs the program to its end.
func (d *day) run(ctx context.Context, args ...string) (string, error) {
	c := exec.CommandContext(ctx, d.o.Program, args...)
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("nightbell %s: %w: %s", args[0], err, strings.TrimSpace(errs.String()))
	}
	return string(out), nil
}

// farewell says where the practice is and who signs in.
func (d *day) farewell() {
	if d.o.Once {
		d.story.say("Every step went well.")
		return
	}
	d.story.chapter("It keeps serving until you press Ctrl-C")
	d.story.say("Pages   https://%s", d.server.https)
	d.story.say("        Your browser does not know this practice's own certificate authority yet;")
	d.story.say("        import %s, or accept the warning for this demo.", d.path("data/ca.pem"))
	for _, p := range staff {
		d.story.say("Sign in %-10s %-36s %s", p.name, p.password, p.does)
	}
	d.story.say("Mail in smtps://%s, user %s, password %s", d.server.smtps, d.device.User, d.device.Password)
}

// end stops what runs and removes everything.
func (d *day) end() error {
	var errs []error
	if d.front != nil {
		d.front.close()
	}
	if d.server != nil {
		errs = append(errs, d.server.stop())
	}
	if d.smarthost != nil {
		d.smarthost.Close()
	}
	return errors.Join(append(errs, os.RemoveAll(d.root))...)
}
