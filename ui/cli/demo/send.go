package demo

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"time"

	"filippo.io/age"
)

const colleague = "records@hale-cardiology.example"

// send sends a message to a doctor outside, sealed to that doctor's own key, and
// opens it there with age.
func (d *day) send(ctx context.Context) error {
	key, err := age.GenerateHybridIdentity()
	if err != nil {
		return fmt.Errorf("making the colleague's key: %w", err)
	}
	id, err := d.front.typed(ctx, "other", map[string]string{"caller": "Ruth Lund", "callback": "503 555 0133", "reason": "Dr. Hale wants the note about her ankles"})
	if err != nil {
		return err
	}
	d.messages++
	err = d.story.timed("Dr. Hale's office and its age key are put on file", func() error {
		_, err := d.front.post(ctx, "/people", url.Values{"kind": {"contact"}, "full_name": {"Dr. Hale, cardiology"}, "mail": {colleague}, "age": {key.Recipient().String()}})
		return err
	})
	if err != nil {
		return err
	}
	began := time.Now()
	to, err := d.recipient(ctx, id)
	if err != nil {
		return err
	}
	if _, err := d.front.post(ctx, "/messages/"+id+"/send", url.Values{"to": {to}}); err != nil {
		return err
	}
	letter, err := d.letter(ctx)
	if err != nil {
		return err
	}
	d.story.step(time.Since(began), "sent through the smarthost: %q, and an .age file", subject(letter))
	return d.story.timed("opened by Dr. Hale's office with age", func() error { return opens(letter, key, "Ruth Lund") })
}

// recipient finds whom the message's page offers to send to.
func (d *day) recipient(ctx context.Context, id string) (string, error) {
	page, err := d.front.get(ctx, "/messages/"+id)
	if err != nil {
		return "", err
	}
	found := regexp.MustCompile(`<option value="([^"]+)"[^>]*>[^<]*Hale`).FindSubmatch(page)
	if found == nil {
		return "", fmt.Errorf("the page does not offer to send to Dr. Hale")
	}
	return string(found[1]), nil
}

// letter waits for the mail to the colleague.
func (d *day) letter(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	for n := 1; ; n++ {
		mails, err := d.smarthost.Wait(ctx, n)
		if err != nil {
			return nil, fmt.Errorf("the sealed mail did not arrive: %w", err)
		}
		for _, m := range mails {
			if strings.Contains(strings.Join(m.To, " "), colleague) {
				return m.Data, nil
			}
		}
		n = len(mails)
	}
}

// opens decrypts the mail's attachment and looks for what the caller said.
func opens(letter []byte, key age.Identity, want string) error {
	m, err := mail.ReadMessage(bytes.NewReader(letter))
	if err != nil {
		return fmt.Errorf("reading the mail: %w", err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("reading the mail: %w", err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := parts.NextPart()
		if err != nil {
			return fmt.Errorf("the mail has no .age file: %w", err)
		}
		if !strings.HasSuffix(part.FileName(), ".age") {
			continue
		}
		clear, err := age.Decrypt(base64.NewDecoder(base64.StdEncoding, part), key)
		if err != nil {
			return fmt.Errorf("opening the .age file: %w", err)
		}
		text, err := io.ReadAll(clear)
		if err != nil {
			return fmt.Errorf("opening the .age file: %w", err)
		}
		if !bytes.Contains(text, []byte(want)) {
			return fmt.Errorf("the .age file does not hold the message")
		}
		return nil
	}
}
