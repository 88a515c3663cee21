package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"nightbell/appliance/appliancetest/smarthost"
)

// bellStep is how long one person is rung in the demo: the shortest there is,
// so that the day is short.
const bellStep = 5 * time.Second

// device is the credential of the office's phone system.
type device struct{ User, Password string }

// setUp makes the practice as an office manager would, from the command line.
func (d *day) setUp(ctx context.Context) error {
	if err := d.passwords(); err != nil {
		return err
	}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"nightbell init: keys, recovery kit, first account", d.init},
		{"three more people, two of them doctors with keys of their own", d.people},
		{"200 past messages, taken day by day", d.past},
		{"a phone system, a smarthost, a backup folder, who is on call", d.settings},
	} {
		if err := d.story.timed(step.what, func() error { return step.do(ctx) }); err != nil {
			return err
		}
	}
	return nil
}

func (d *day) passwords() error {
	for _, p := range staff {
		if err := os.WriteFile(d.path(p.name+".password"), []byte(p.password+"\n"), 0o600); err != nil {
			return fmt.Errorf("writing a password file: %w", err)
		}
	}
	return os.Mkdir(d.path("backup"), 0o700)
}

func (d *day) init(ctx context.Context) error {
	rosa := byName("rosa")
	_, err := d.nightbell(ctx, "init", "--practice", "Cedar Street Family Practice", "--timezone", "America/New_York",
		"--host", "nightbell.local", "--admin", rosa.name, "--password-file", d.path("rosa.password"), "--recovery-kit", d.path("kit.txt"))
	return err
}

func (d *day) people(ctx context.Context) error {
	for _, p := range staff[1:] {
		args := []string{"user", "add", p.name, "--full-name", p.full, "--role", p.role, "--password-file", d.path(p.name + ".password"), "--identity", d.path("kit.txt")}
		if p.mail != "" {
			args = append(args, "--mail", p.mail)
		}
		if _, err := d.nightbell(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// settings sets the office up, and a real smarthost with a CA of its own.
func (d *day) settings(ctx context.Context) (err error) {
	if d.smarthost, err = smarthost.Start(smarthost.Options{}); err != nil {
		return fmt.Errorf("starting the smarthost: %w", err)
	}
	if err := d.smarthost.CA().WriteFile(d.path("smarthost-ca.pem")); err != nil {
		return err
	}
	if err := os.WriteFile(d.path("smarthost.password"), []byte("correct horse\n"), 0o600); err != nil {
		return fmt.Errorf("writing a password file: %w", err)
	}
	for _, kv := range [][2]string{
		{"mail.ca", d.path("smarthost-ca.pem")}, {"mail.user", "nightbell"}, {"mail.password-file", d.path("smarthost.password")},
		{"mail.from", "nightbell@cedarstreet.example"}, {"mail.smarthost", d.smarthost.URL()},
		{"bell.step", bellStep.String()}, {"backup.folder", d.path("backup")},
	} {
		if _, err := d.nightbell(ctx, "config", "set", kv[0], kv[1]); err != nil {
			return err
		}
	}
	if _, err := d.nightbell(ctx, "oncall", "set", "okafor,lindqvist"); err != nil {
		return err
	}
	out, err := d.nightbell(ctx, "device", "add", "phone-system", "--json")
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(out), &d.device)
}
