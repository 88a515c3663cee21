package appliancetest

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Client is a browser without a screen: it keeps cookies, says where its
// requests come from, and trusts the practice's own authority alone.
type Client struct {
	*http.Client
	Base string
	t    testing.TB
}

// Client makes one that nobody is signed in with.
func (p *Practice) Client(t testing.TB) *Client {
	t.Helper()
	c := clientOf(t, p.Trust(), p.HTTPS)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clients = append(p.clients, c)
	return c
}

// ClientOf is Client for the pages of a data folder at an address: of a child.
func ClientOf(t testing.TB, data, addr string) *Client {
	t.Helper()
	return clientOf(t, TrustOf(t, data), addr)
}

func clientOf(t testing.TB, trust *tls.Config, addr string) *Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &Client{Client: &http.Client{Jar: jar, Transport: tr}, Base: "https://" + addr, t: t}
}

// SignIn signs somebody in.
func (p *Practice) SignIn(t testing.TB, who Login) *Client {
	t.Helper()
	c := p.Client(t)
	page := c.Post("/sign-in", url.Values{"name": {who.Name}, "password": {who.Password}})
	if strings.HasPrefix(page.At.Path, "/sign-in") {
		t.Fatalf("%s cannot sign in (%d)", who.Name, page.Status)
	}
	return c
}

// Page is an answer, after redirects.
type Page struct {
	Status int
	At     *url.URL
	Header http.Header
	Body   string
}

// Main is what a page says itself, without what stands around it.
func (p Page) Main() string {
	_, from, _ := strings.Cut(p.Body, "<main")
	main, _, _ := strings.Cut(from, "</main>")
	return main
}

// Get asks for a page.
func (c *Client) Get(path string) Page {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.Base+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.do(req)
}

// Post sends a form, as a page of ours would.
func (c *Client) Post(path string, form url.Values) Page {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.Base+path, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", c.Base)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return c.do(req)
}

func (c *Client) do(req *http.Request) Page {
	c.t.Helper()
	resp, err := c.Do(req)
	if err != nil {
		c.t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	return Page{Status: resp.StatusCode, At: resp.Request.URL, Header: resp.Header, Body: string(body)}
}

// PostMessage posts a message as a machine does, with its password as bearer.
func (p *Practice) PostMessage(t testing.TB, bearer, key string, message any) Page {
	t.Helper()
	body, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	c := p.Client(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Base+"/api/v1/messages", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	return c.do(req)
}

// SendMail sends a mail as a machine does: TLS, AUTH PLAIN, one transaction.
func (p *Practice) SendMail(_ context.Context, user, password string, to []string, mail string) error {
	c, err := smtp.DialTLS(p.SMTPS, p.Trust())
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Auth(sasl.NewPlainClient("", user, password)); err != nil {
		return err
	}
	if err := c.SendMail("pbx@office.example", to, strings.NewReader(mail)); err != nil {
		return err
	}
	return c.Quit()
}
