package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/jhillyerd/enmime/v2"
)

// urgent plays the call that must not go silent: it rings the first doctor, who
// does not answer, then the second, who takes it by a tap. In between the process
// is killed, which changes nothing but a line in the timeline.
func (d *day) urgent(ctx context.Context) error {
	ana, err := d.signIn(ctx, "ana")
	if err != nil {
		return err
	}
	defer ana.close()
	var id string
	began := time.Now()
	err = d.taken(ctx, "a mother, her infant is hard to wake", func(ctx context.Context) (err error) {
		id, err = ana.typed(ctx, "urgent", map[string]string{
			"caller": "Marisol Quintero", "relation": "parent", "callback": "503 555 0148", "read_back": "yes",
			"patient": "Lucía Quintero", "symptoms": "Fever 104 since midnight, hard to wake, two wet diapers today", "since": "6 hours"})
		return err
	})
	if err != nil {
		return err
	}
	number, err := ana.number(ctx, id)
	if err != nil {
		return err
	}
	if _, err := d.rung(ctx, "okafor", number, began); err != nil {
		return err
	}
	d.story.say("Dr. Okafor does not answer. Every desk shows the red bar and rings.")
	if err := d.story.timed("the process is killed in the middle of it, and started again", func() error { return d.restart(ctx) }); err != nil {
		return err
	}
	link, err := d.rung(ctx, "lindqvist", number, began)
	if err != nil {
		return err
	}
	if err := d.story.timed("Dr. Lindqvist taps “I am taking it” on her phone; the ringing stops", func() error { return d.tap(ctx, link, number) }); err != nil {
		return err
	}
	if err := d.story.timed("she signs in and sees the number to call back", func() error { return d.reads(ctx, id) }); err != nil {
		return err
	}
	return d.timeline(ctx, id)
}

// restart kills the program as a power cut would and starts it again. Sessions
// are in memory, so Rosa signs in once more.
func (d *day) restart(ctx context.Context) error {
	d.front.close()
	if err := d.server.kill(); err != nil {
		return err
	}
	if err := d.serve(ctx); err != nil {
		return err
	}
	rosa, err := d.signIn(ctx, "rosa")
	if err != nil {
		return err
	}
	d.front = rosa
	return rosa.watch(ctx)
}

// number is what Ana reads back to the caller.
func (b *browser) number(ctx context.Context, id string) (string, error) {
	page, err := b.get(ctx, "/take/saved/"+id)
	if err != nil {
		return "", err
	}
	number := regexp.MustCompile(`class="readback">(N-\d+)<`).FindSubmatch(page)
	if number == nil {
		return "", fmt.Errorf("the page shows no number to read back")
	}
	return string(number[1]), nil
}

// rung waits until somebody's notice of a message arrived at the smarthost, and
// answers the link in it.
func (d *day) rung(ctx context.Context, name, number string, began time.Time) (link string, err error) {
	ctx, cancel := context.WithTimeout(ctx, bellStep+soon)
	defer cancel()
	who := byName(name)
	for n := 1; ; n++ {
		mails, err := d.smarthost.Wait(ctx, n)
		if err != nil {
			return "", fmt.Errorf("%s was not rung: %w", who.full, err)
		}
		for _, m := range mails {
			if strings.Contains(strings.Join(m.To, " "), who.mail) && strings.Contains(subject(m.Data), number) {
				d.story.step(time.Since(began), "%s rung: %q", who.full, subject(m.Data))
				return linkIn(m.Data)
			}
		}
		n = len(mails)
	}
}

// subject is a mail's subject line; a notice's holds nothing of a patient.
func subject(mail []byte) string {
	for _, line := range strings.Split(string(mail), "\r\n") {
		if s, ok := strings.CutPrefix(line, "Subject: "); ok {
			return s
		}
	}
	return ""
}

// linkIn answers where a notice is answered by a tap.
func linkIn(mail []byte) (string, error) {
	e, err := enmime.ReadEnvelope(bytes.NewReader(mail))
	if err != nil {
		return "", fmt.Errorf("reading a notice: %w", err)
	}
	link := regexp.MustCompile(`/answer/\S+`).FindString(e.Text)
	if link == "" {
		return "", errors.New("a notice has no link to answer by")
	}
	return link, nil
}

// tap takes the call by the page of a notice's link, where nobody is signed in,
// and sees that the desks are quiet.
func (d *day) tap(ctx context.Context, link, number string) error {
	config, err := d.tls()
	if err != nil {
		return err
	}
	phone := &browser{base: "https://" + d.server.https, client: &http.Client{Transport: transport(config)}}
	defer phone.close()
	page, err := phone.get(ctx, link)
	if err != nil {
		return err
	}
	if !bytes.Contains(page, []byte(number)) || bytes.Contains(page, []byte("Quintero")) {
		return errors.New("the phone page shows no number, or a patient")
	}
	if _, err := phone.post(ctx, link, url.Values{"answer": {"take"}}); err != nil {
		return err
	}
	alarm, err := d.front.get(ctx, "/alarm")
	if err != nil {
		return err
	}
	if bytes.Contains(alarm, []byte(number)) {
		return fmt.Errorf("the desks still ring for %s", number)
	}
	return nil
}

// reads has the second doctor read what she took.
func (d *day) reads(ctx context.Context, id string) error {
	doctor, err := d.signIn(ctx, "lindqvist")
	if err != nil {
		return err
	}
	defer doctor.close()
	page, err := doctor.get(ctx, "/messages/"+id)
	if err != nil {
		return err
	}
	if !bytes.Contains(page, []byte("555-0148")) {
		return errors.New("the doctor sees no number to call back")
	}
	return nil
}

// timeline tells what was written down of the call, each with its time, and
// sees that it is all there and that the second was rung when it was her turn.
func (d *day) timeline(ctx context.Context, id string) error {
	out, err := d.nightbell(ctx, "message", "show", id, "--json", "--user", "rosa", "--password-file", d.path("rosa.password"))
	if err != nil {
		return err
	}
	var call struct {
		Events []struct {
			At                 time.Time
			What, Whom, Detail string
		}
	}
	if err := json.Unmarshal([]byte(out), &call); err != nil {
		return fmt.Errorf("reading the timeline: %w", err)
	}
	first := map[string]time.Time{}
	var rang []time.Time
	for _, e := range call.Events {
		d.story.say("%s  %s %s", e.At.Local().Format("15:04:05.000"), e.What, e.Detail)
		if _, seen := first[e.What]; !seen {
			first[e.What] = e.At
		}
		if e.What == "rung" {
			rang = append(rang, e.At)
		}
	}
	for _, what := range []string{"received", "rung", "delivered", "restarted", "taken"} {
		if _, there := first[what]; !there {
			return fmt.Errorf("the timeline does not say %q", what)
		}
	}
	if len(rang) < 2 || rang[1].Sub(rang[0]) < bellStep {
		return fmt.Errorf("rung %d times, at %v, and not the second %s after the first", len(rang), rang, bellStep)
	}
	return nil
}
