package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/ui/web"
)

// Every role asks for everything. What its permissions allow is not refused, and
// what they do not allow is.
func TestEveryRoleAtEveryRoute(t *testing.T) {
	p := appliancetest.Start(t)
	s, err := web.New(p.Appliance)
	if err != nil {
		t.Fatal(err)
	}
	defer s.CloseEvents()
	for _, role := range access.Roles() {
		t.Run(string(role), func(t *testing.T) {
			who := appliancetest.Login{Name: string(role), Password: "seven lanterns for " + string(role)}
			p.AddPerson(who, "", role)
			token := signIn(t, s, who)
			for _, line := range s.Table() {
				if line.Machine || line.Path == "/sign-out" || line.Path == "/sign-in" {
					continue
				}
				allowed := line.Open || len(line.Need) == 0
				for _, need := range line.Need {
					allowed = allowed || access.Allowed([]access.Role{role}, need)
				}
				status := ask(s, line, token)
				if allowed && (status == http.StatusForbidden || status == http.StatusUnauthorized) {
					t.Errorf("%s %s is refused (%d)", line.Method, line.Path, status)
				}
				if !allowed && status != http.StatusForbidden {
					t.Errorf("%s %s answers %d, want a refusal", line.Method, line.Path, status)
				}
				if line.Path == "/lock" && allowed {
					p.Open()
					token = signIn(t, s, who)
				}
			}
		})
	}
	t.Run("nobody", func(t *testing.T) {
		for _, line := range s.Table() {
			if line.Open {
				continue
			}
			status := ask(s, line, "")
			if status != http.StatusSeeOther && status != http.StatusUnauthorized && line.Path != "/metrics" {
				t.Errorf("%s %s answers %d to who is not signed in", line.Method, line.Path, status)
			}
		}
	})
}

// ask sends a request that is right in all but what it names.
func ask(s *web.Server, line web.Line, token string) int {
	path := strings.NewReplacer(":id", "019ab000-0000-7000-8000-000000000000", ":file", "0", ":set", "x", ":name", "x").Replace(line.Path)
	ctx, cancel := context.WithCancel(context.Background())
	if line.Path == "/events" {
		cancel() // a stream that was asked for and left
	}
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, line.Method, "https://nightbell.local"+path, strings.NewReader(url.Values{}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if token != "" {
		r.AddCookie(&http.Cookie{Name: "__Host-nightbell", Value: token})
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w.Code
}

// signIn answers the token of a new session.
func signIn(t *testing.T, s *web.Server, who appliancetest.Login) string {
	t.Helper()
	form := url.Values{"name": {who.Name}, "password": {who.Password}}
	r := httptest.NewRequest(http.MethodPost, "https://nightbell.local/sign-in", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.Name == "__Host-nightbell" && c.Value != "" {
			return c.Value
		}
	}
	t.Fatalf("%s cannot sign in: %d", who.Name, w.Code)
	return ""
}
