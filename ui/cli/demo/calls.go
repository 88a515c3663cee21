package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
)

// open starts the service; the first of the readers to sign in opens it.
func (d *day) open(ctx context.Context) error {
	if err := d.story.timed("nightbell serve: it takes and rings calls, and reads none", func() error { return d.serve(ctx) }); err != nil {
		return err
	}
	return d.story.timed("Rosa signs in, which opens the messages; her inbox is live", func() (err error) {
		if d.front, err = d.signIn(ctx, "rosa"); err != nil {
			return err
		}
		return d.front.watch(ctx)
	})
}

// calls plays the calls of a quiet morning, each over its own door.
func (d *day) calls(ctx context.Context) error {
	ana, err := d.signIn(ctx, "ana")
	if err != nil {
		return err
	}
	defer ana.close()
	for _, call := range []struct {
		what string
		take func(context.Context) error
	}{
		{"a new patient, typed by Ana", func(ctx context.Context) error {
			_, err := ana.typed(ctx, "new", map[string]string{"caller": "Jun Sato", "callback": "503 555 0171", "read_back": "yes", "reason": "New to town, mornings, referred by Dr. Hale"})
			return err
		}},
		{"a refill, typed by Ana", func(ctx context.Context) error {
			_, err := ana.typed(ctx, "refill", map[string]string{"caller": "Priya Raman", "callback": "503 555 0122", "medication": "Lisinopril", "dose": "10 mg", "pharmacy": "Elm Street Pharmacy", "days_left": "1-2"})
			return err
		}},
		{"an angry billing call, from an answering service by HTTP", d.billing},
		{"a voicemail, from the phone system by mail", d.voicemail},
	} {
		if err := d.taken(ctx, call.what, call.take); err != nil {
			return err
		}
	}
	return nil
}

// taken plays one call and says when it was saved and when the inbox showed it.
// "Saved" is only ever said once a message is sealed and committed.
func (d *day) taken(ctx context.Context, what string, take func(context.Context) error) error {
	change, began := d.front.next(), time.Now()
	if err := take(ctx); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	saved := time.Since(began)
	if err := shown(ctx, change); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	d.messages++
	d.story.step(saved, "%s: sealed and committed", what)
	d.story.step(time.Since(began), "  shown in Rosa's inbox")
	return nil
}

// typed takes a call through the form and answers the message's id.
func (b *browser) typed(ctx context.Context, kind string, fields map[string]string) (string, error) {
	form := url.Values{"key": {uuid.NewString()}, "type": {kind}}
	for name, value := range fields {
		form.Set("f."+name, value)
	}
	at, err := b.post(ctx, "/messages", form)
	if err != nil {
		return "", err
	}
	id, saved := strings.CutPrefix(at.Path, "/take/saved/")
	if !saved {
		return "", fmt.Errorf("the form was not saved")
	}
	return id, nil
}

// billing posts a message as a machine does.
func (d *day) billing(ctx context.Context) error {
	config, err := d.tls()
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"call_type": "billing", "form": map[string]string{
		"caller": "Tom Achterberg", "callback": "503 555 0190", "question": "Charged twice for the September visit, and this is the third time he calls"}})
	if err != nil {
		return fmt.Errorf("encoding a message: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+d.server.https+"/api/v1/messages", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("posting a message: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+d.device.Password)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", uuid.NewString())
	client := &http.Client{Transport: transport(config)}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("posting a message: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("the API answered %s", resp.Status)
	}
	return nil
}
