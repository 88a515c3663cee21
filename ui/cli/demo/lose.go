package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// lose takes a backup, loses the whole data folder, and brings the desk back
// with the recovery kit.
func (d *day) lose(ctx context.Context) error {
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"nightbell backup now: taken, restored into a scratch folder, compared", d.backUp},
		{"the process is killed and the data folder destroyed", d.destroy},
		{"nightbell backup restore with the recovery kit, and serve", d.restore},
		{"Rosa signs in as before; every message is there", d.back},
	} {
		if err := d.story.timed(step.what, func() error { return step.do(ctx) }); err != nil {
			return err
		}
	}
	return nil
}

func (d *day) backUp(ctx context.Context) error {
	_, err := d.nightbell(ctx, "backup", "now")
	return err
}

func (d *day) destroy(context.Context) error {
	d.front.close()
	d.front = nil
	if err := d.server.kill(); err != nil {
		return err
	}
	return os.RemoveAll(d.path("data"))
}

func (d *day) restore(ctx context.Context) error {
	out, err := d.run(ctx, "backup", "restore", "--from", d.path("backup"), "--to", d.path("data"), "--identity", d.path("kit.txt"), "--json")
	if err != nil {
		return err
	}
	var report struct {
		Messages int `json:"messages"`
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		return fmt.Errorf("reading what restore said: %w", err)
	}
	if report.Messages != d.messages {
		return fmt.Errorf("%d messages were restored of %d", report.Messages, d.messages)
	}
	return d.serve(ctx)
}

func (d *day) back(ctx context.Context) error {
	rosa, err := d.signIn(ctx, "rosa")
	if err != nil {
		return err
	}
	d.front = rosa
	page, err := rosa.get(ctx, "/inbox")
	if err != nil {
		return err
	}
	if !strings.Contains(string(page), "Priya Raman") {
		return fmt.Errorf("the inbox does not show this morning's refill")
	}
	_, err = d.nightbell(ctx, "audit", "verify")
	return err
}
