package demo

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// urgent plays the call that must not go silent: it rings the first doctor, who
// does not answer, then the second, who takes it.
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
	if err := d.rung(ctx, "okafor", number, began); err != nil {
		return err
	}
	d.story.say("Dr. Okafor does not answer. Every desk shows the red bar and rings.")
	if err := d.rung(ctx, "lindqvist", number, began); err != nil {
		return err
	}
	return d.story.timed("Dr. Lindqvist signs in and takes it; the ringing stops", func() error { return d.answer(ctx, id, number) })
}

// number is what Ana reads back to the caller.
func (b *browser) number(ctx context.Context, id string) (string, error) {
	page, err := b.get(ctx, "/take/saved/"+id)
	if err != nil {
		return "", err
	}
	number := regexp.MustCompile(`N-\d+`).Find(page)
	if number == nil {
		return "", fmt.Errorf("the page shows no number to read back")
	}
	return string(number), nil
}

// rung waits until somebody's notice of a message arrived at the smarthost.
func (d *day) rung(ctx context.Context, name, number string, began time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, bellStep+soon)
	defer cancel()
	who := byName(name)
	for n := 1; ; n++ {
		mails, err := d.smarthost.Wait(ctx, n)
		if err != nil {
			return fmt.Errorf("%s was not rung: %w", who.full, err)
		}
		for _, m := range mails {
			if strings.Contains(strings.Join(m.To, " "), who.mail) && strings.Contains(subject(m.Data), number) {
				d.story.step(time.Since(began), "%s rung: %q", who.full, subject(m.Data))
				return nil
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

// answer has the second doctor take the call, and sees that it is theirs and
// that the desks are quiet.
func (d *day) answer(ctx context.Context, id, number string) error {
	doctor, err := d.signIn(ctx, "lindqvist")
	if err != nil {
		return err
	}
	defer doctor.close()
	if _, err := doctor.post(ctx, "/messages/"+id+"/take", url.Values{}); err != nil {
		return err
	}
	page, err := doctor.get(ctx, "/messages/"+id)
	if err != nil {
		return err
	}
	if !strings.Contains(string(page), "555-0148") {
		return fmt.Errorf("the doctor sees no number to call back")
	}
	alarm, err := d.front.get(ctx, "/alarm")
	if err != nil {
		return err
	}
	if strings.Contains(string(alarm), number) {
		return fmt.Errorf("the desks still ring for %s", number)
	}
	return nil
}
