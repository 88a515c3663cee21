package watch_test

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/appliance/relay"
	"nightbell/watch"
)

func TestAlarmsByMailAndByNtfy(t *testing.T) {
	p := newPractice(t)
	post, err := smarthost.Start(smarthost.Options{CA: p.ca})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(post.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := p.ca.WriteFile(ca); err != nil {
		t.Fatal(err)
	}
	byMail, err := watch.NewVoice("rosa@example.com", watch.Ways{Mail: relay.DirectOptions{Smarthost: post.URL(), CA: ca, From: "watch@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	var asked http.Header
	var body []byte
	ntfy := p.serve(func(_ http.ResponseWriter, r *http.Request) { asked, body = r.Header, must(io.ReadAll(r.Body)) })
	byNtfy, err := watch.NewVoice("ntfy+"+ntfy.URL+"/practice", watch.Ways{Client: p.client(), Token: "tk_secret"})
	if err != nil {
		t.Fatal(err)
	}
	n := watch.Notice{What: watch.Alarm, Host: "nightbell.local:443", Text: "It does not answer.", At: p.clock.Now()}
	for _, v := range []watch.Voice{byMail, byNtfy} {
		if err := v.Say(t.Context(), n); err != nil {
			t.Fatalf("%s: %v", v, err)
		}
	}
	mails := post.Mails()
	if len(mails) != 1 || !strings.Contains(string(mails[0].Data), "Subject: Nightbell alarm: nightbell.local\r\n") || !strings.Contains(string(mails[0].Data), "It does not answer.") {
		t.Errorf("mails: %+v", mails)
	}
	if string(body) != "It does not answer." || asked.Get("Priority") != "5" || asked.Get("Authorization") != "Bearer tk_secret" {
		t.Errorf("ntfy was told %q with %v", body, asked)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestOnlyHTTPSIsTaken(t *testing.T) {
	for _, to := range []string{"http://example.com/x", "ntfy+http://example.com/x", "ntfy+https://example.com", "https://u:p@example.com/x", "nobody", ""} {
		if _, err := watch.NewVoice(to, watch.Ways{}); err == nil {
			t.Errorf("an alarm would go to %q", to)
		}
	}
	for _, at := range []string{"http://nightbell.local", "nightbell.local", "https://u:p@nightbell.local", "https://nightbell.local/readyz"} {
		if _, err := watch.New(watch.Options{URL: at}); err == nil {
			t.Errorf("%q was watched", at)
		}
	}
}
