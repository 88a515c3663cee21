package demo

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"time"
)

// browser is one signed-in person with an HTTP client of their own.
type browser struct {
	base   string
	client *http.Client
	end    context.CancelFunc // of the open inbox, or nil

	mu    sync.Mutex
	heard chan struct{} // closed and made anew at each event
}

// signIn signs somebody in, as their browser would.
func (d *day) signIn(ctx context.Context, name string) (*browser, error) {
	config, err := d.tls()
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("making a cookie jar: %w", err)
	}
	b := &browser{base: "https://" + d.server.https, heard: make(chan struct{}), client: &http.Client{Jar: jar, Transport: transport(config)}}
	at, err := b.post(ctx, "/sign-in", url.Values{"name": {name}, "password": {byName(name).password}})
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(at.Path, "/sign-in") {
		return nil, fmt.Errorf("%s cannot sign in", name)
	}
	return b, nil
}

func transport(config *tls.Config) *http.Transport {
	return &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
}

// post sends a form, follows where it leads, and answers where that was.
func (b *browser) post(ctx context.Context, path string, form url.Values) (*url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("sending a form: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.base)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := b.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("sending a form to %s: %w", path, err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return nil, fmt.Errorf("reading the page after %s: %w", path, err)
	}
	if resp.StatusCode >= 400 {
		return nil, fmt.Errorf("%s answered %s", path, resp.Status)
	}
	return resp.Request.URL, nil
}

// get answers a page as its bytes.
func (b *browser) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+path, nil)
	if err != nil {
		return nil, fmt.Errorf("asking for %s: %w", path, err)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking for %s: %w", path, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", path, resp.Status)
	}
	return io.ReadAll(resp.Body)
}

// watch opens the inbox's live events.
func (b *browser) watch(ctx context.Context) error {
	ctx, b.end = context.WithCancel(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+"/events", nil)
	if err != nil {
		return fmt.Errorf("opening the live inbox: %w", err)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return fmt.Errorf("opening the live inbox: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return fmt.Errorf("the live inbox answered %s", resp.Status)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Scan() // the greeting: from here on nothing is missed
	go func() {
		defer resp.Body.Close()
		for lines.Scan() {
			if lines.Text() == "event: change" {
				b.mu.Lock()
				close(b.heard)
				b.heard = make(chan struct{})
				b.mu.Unlock()
			}
		}
	}()
	return nil
}

// next answers a channel that is closed at the next change the inbox shows.
func (b *browser) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.heard
}

func (b *browser) close() {
	if b.end != nil {
		b.end()
	}
	b.client.CloseIdleConnections()
}

// soon is how long a thing may take that should happen at once.
const soon = 10 * time.Second

// shown waits until the inbox showed a change.
func shown(ctx context.Context, change <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	select {
	case <-change:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the inbox showed nothing: %w", ctx.Err())
	}
}
