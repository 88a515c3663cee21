package relay_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/appliance/relay"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

func TestANoticeGoesOutInsideTLS(t *testing.T) {
	for _, c := range []struct {
		name string
		o    smarthost.Options
	}{
		{"from the first byte", smarthost.Options{}},
		{"after STARTTLS", smarthost.Options{STARTTLS: true}},
		{"of version 1.2", smarthost.Options{TLS12: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, host := newOffice(t), startHost(t, c.o)
			o.use(host)
			o.run()
			m := o.notice(true)
			o.enqueue(m)
			got := receive(t, host, 1)[0]
			o.until("an empty queue", empty)
			if got.From != "bell@practice.example" || !slices.Equal(got.To, []string{m.To}) || got.User != "nightbell" || got.TLS < 0x0303 {
				t.Errorf("handed over as from %q to %q by %q over TLS %x", got.From, got.To, got.User, got.TLS)
			}
			for _, secret := range []string{"correct horse", plain("", "nightbell", "correct horse"), "N-1042", m.To} {
				if bytes.Contains(host.Wire(), []byte(secret)) {
					t.Errorf("%q went over the wire in the clear", secret)
				}
			}
			if delivered, failed := o.bell.heard(); delivered != 1 || failed != 0 {
				t.Errorf("the bell heard of %d delivered, %d failed", delivered, failed)
			}
		})
	}
}

func TestWhatCannotGoSafelyWaitsAndSaysWhy(t *testing.T) {
	const nothingSent = "Nothing was sent."
	for _, c := range []struct {
		name     string
		starttls bool
		does     smarthost.Behaviour
		why      string
		state    relay.State
	}{
		{"a certificate for another name", false, smarthost.WrongName, "for another name. " + nothingSent, relay.StateWaiting},
		{"a certificate for another name after STARTTLS", true, smarthost.WrongName, "for another name. " + nothingSent, relay.StateWaiting},
		{"a certificate that expired", false, smarthost.Expired, "has expired", relay.StateWaiting},
		{"a certificate of a CA nobody knows", false, smarthost.UnknownCA, "a CA that is not trusted here", relay.StateWaiting},
		{"a server that offers no TLS", true, smarthost.NoTLS, "offers no TLS", relay.StateWaiting},
		{"a server that takes its TLS back", true, smarthost.RefuseTLS, "offers no TLS", relay.StateWaiting},
		{"answers slipped in before the handshake", true, smarthost.InjectPlain, "127.0.0.1", relay.StateWaiting},
		{"a sign-in that is refused", false, smarthost.RefuseAuth, "refused the sign-in (535 5.7.8)", relay.StateWaiting},
		{"a server that offers no sign-in", false, smarthost.NoAuth, "offers no sign-in by AUTH PLAIN", relay.StateWaiting},
		{"a server that wants another sign-in", false, smarthost.NeedAuth, "wants a sign-in (530 5.7.0)", relay.StateWaiting},
		{"a sender that is refused", false, smarthost.RefuseSender, "does not accept the sender (550 5.7.1)", relay.StateWaiting},
		{"a server that is busy", false, smarthost.Temporary, "try again later (451 4.3.0)", relay.StateWaiting},
		{"a server that hangs up", false, smarthost.Drop, "", relay.StateWaiting},
		{"an address that does not exist", false, smarthost.Permanent, "refused it for good (550 5.1.1): it does not know the address", relay.StateRefused},
		{"a mail that is refused after all of it", false, smarthost.RefuseData, "refused it for good (554 5.7.1): its rules do not allow it", relay.StateRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, host := newOffice(t), startHost(t, smarthost.Options{STARTTLS: c.starttls})
			host.Do(c.does)
			o.use(host)
			end := o.run()
			m := o.notice(false)
			o.enqueue(m)
			e := o.until("the first attempt", tried(1))[0]
			if e.State != c.state || e.Why == "" || !strings.Contains(e.Why, c.why) || strings.Contains(e.Why, m.To) {
				t.Errorf("state %q, why %q", e.State, e.Why)
			}
			if e.Kind != relay.KindNotice || e.ToDomain != "hospital.example" || e.NextAt.IsZero() != (c.state == relay.StateRefused) {
				t.Errorf("shown as %+v", e)
			}
			if len(host.Mails()) != 0 || bytes.Contains(host.Wire(), []byte(plain("", "nightbell", "correct horse"))) || bytes.Contains(host.Wire(), []byte(m.To)) {
				t.Error("something went in the clear")
			}
			if _, failed := o.bell.heard(); failed != 1 {
				t.Errorf("the bell heard of %d failures", failed)
			}
			host.Do(smarthost.Take)
			if c.state == relay.StateRefused {
				o.update(func(tx *store.Tx) error { return o.queue.Retry(tx, e.ID, o.clock.Now()) })
			} else {
				o.turn(2 * time.Second)
			}
			receive(t, host, 1)
			o.until("an empty queue", empty)
			end()
		})
	}
}

func TestTLSBefore12IsNotSpoken(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{TLS11: true})
	o.use(host)
	o.run()
	o.enqueue(o.notice(false))
	if e := o.until("an attempt", tried(1))[0]; !strings.Contains(e.Why, "no TLS of version 1.2") {
		t.Errorf("why is %q", e.Why)
	}
}

func TestAMailWaitsForWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*office)
		why   string
	}{
		{"no smarthost is set", func(o *office) { o.set(map[settings.Key]string{settings.MailSmarthost: ""}) }, "No smarthost is set."},
		{"no sender is set", func(o *office) { o.set(map[settings.Key]string{settings.MailFrom: ""}) }, "No sender is set."},
		{"a user without a password", func(o *office) { o.password("") }, "Half of the sign-in is missing."},
		{"a password of another server", func(o *office) { o.passwordFor("smtps://mail.elsewhere.example:465") }, "The mail server was changed"},
		{"a password without a user", func(o *office) { o.set(map[settings.Key]string{settings.MailUser: ""}) }, "Half of the sign-in is missing."},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, host := newOffice(t), startHost(t, smarthost.Options{})
			o.use(host)
			c.spoil(o)
			o.run()
			o.enqueue(o.notice(true))
			e := o.until("a reason", explained)[0]
			if !strings.HasPrefix(e.Why, c.why) || e.State != relay.StateWaiting || !e.NextAt.IsZero() || e.Attempts != 0 {
				t.Errorf("the queue has %+v", e)
			}
			if _, failed := o.bell.heard(); host.Attempts() != 0 || failed != 1 {
				t.Errorf("the smarthost was spoken to %d times, the bell heard of %d failures", host.Attempts(), failed)
			}
			o.use(host) // a setting that changes is enough
			receive(t, host, 1)
			o.until("an empty queue", empty)
		})
	}
}

func TestACAFileThatIsNoneIsNamed(t *testing.T) {
	for name, file := range map[string]func(dir string) string{
		"a short one":     func(dir string) string { return writeFile(t, dir, "words.pem", "no certificate") },
		"a large one":     func(dir string) string { return filepath.Join(dir, "store.db") },
		"one without end": func(string) string { return "/dev/zero" },
	} {
		t.Run(name, func(t *testing.T) {
			o, host := newOffice(t), startHost(t, smarthost.Options{})
			o.use(host)
			o.set(map[settings.Key]string{settings.MailCA: file(o.dir)})
			o.run()
			o.enqueue(o.notice(false))
			if e := o.until("an attempt", tried(1))[0]; !strings.Contains(e.Why, "mail.ca holds no certificate") {
				t.Errorf("why is %q", e.Why)
			}
		})
	}
}

func writeFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
