package relay_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/relay"
	"nightbell/appliance/store"
)

func TestAMailIsTakenFromADeviceThatSignedIn(t *testing.T) {
	d := openDoor(t, relay.Limits{})
	conn, err := tls.Dial("tcp", d.addr, &tls.Config{RootCAs: d.ca.Pool()})
	if err != nil {
		t.Fatal(err)
	}
	client, err := smtp.NewClient(conn, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Auth(smtp.PlainAuth("", pbxUser, pbxPassword, "127.0.0.1")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(client.Mail("pbx@example.com"), client.Rcpt("urgent@nightbell.test")); err != nil {
		t.Fatal(err)
	}
	w, err := client.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(crlf(voicemail)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), client.Quit()); err != nil {
		t.Fatal(err)
	}
	m := d.mails()[0]
	if m.Device != "device-1" || m.Type != message.TypeUrgent || m.Urgency != message.Urgent || len(m.Flags) != 0 {
		t.Errorf("taken as device %q, type %q, urgency %v, flags %v", m.Device, m.Type, m.Urgency, m.Flags)
	}
	if have := m.Form[protocol.FieldMailSubject].Reveal(); have != "Voicemail from José" {
		t.Errorf("subject is %q", have)
	}
	if original := m.Files[len(m.Files)-1]; !bytes.Equal(original.Data, crlf(voicemail)) {
		t.Error("the mail is not kept as it came")
	}
}

func TestYesIsSaidOnlyAfterTheIntakeSaidIt(t *testing.T) {
	d := openDoor(t, relay.Limits{})
	asked, decide := make(chan struct{}), make(chan error)
	d.onTake(func(context.Context, relay.Mail) error { close(asked); return <-decide })
	c := d.inData("new@nightbell.test")
	if err := c.PrintfLine("Subject: x\r\n\r\nx\r\n."); err != nil {
		t.Fatal(err)
	}
	<-asked
	answer := make(chan string, 1)
	go func() { answer <- reply(t, c) }()
	select {
	case r := <-answer:
		t.Fatalf("the client was told %q while the intake was at it", r)
	default:
	}
	decide <- nil
	if r := <-answer; !strings.HasPrefix(r, "250 ") {
		t.Errorf("the client was told %q", r)
	}
}

func TestWhatTheIntakeCannotKeepIsRefusedForNow(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"a full disk", fmt.Errorf("taking: %w", store.ErrFull), "452 4.3.1"},
		{"a folder that cannot be written", store.ErrReadOnly, "451 4.3.0"},
		{"a store that broke", store.ErrBroken, "451 4.3.0"},
		{"an outcome nobody knows", store.ErrUnknown, "451 4.3.0"},
		{"anything else, whatever it says", errors.New("canary-in-error"), "451 4.3.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := openDoor(t, relay.Limits{})
			d.onTake(func(context.Context, relay.Mail) error { return c.err })
			r := d.send("Subject: x\n\nx", "new@nightbell.test")
			if !strings.HasPrefix(r, c.want) || strings.Contains(r, "canary") {
				t.Errorf("the client was told %q", r)
			}
			if len(d.mails()) != 0 {
				t.Error("it was taken all the same")
			}
		})
	}
}

func TestAClientIsRefusedWithTheRightCode(t *testing.T) {
	ehlo := "EHLO x"
	auth := "AUTH PLAIN " + plain("", pbxUser, pbxPassword)
	for _, c := range []struct {
		name string
		say  []string // all but the last are taken
		want string
	}{
		{"mail before signing in", []string{ehlo, "MAIL FROM:<a@b.test>"}, "530 5.7.0"},
		{"mail before a greeting", []string{"MAIL FROM:<a@b.test>"}, "502 "},
		{"a wrong password", []string{ehlo, "AUTH PLAIN " + plain("", pbxUser, "wrong")}, "535 5.7.8"},
		{"an unknown device", []string{ehlo, "AUTH PLAIN " + plain("", "nobody", pbxPassword)}, "535 5.7.8"},
		{"a device that speaks for another", []string{ehlo, "AUTH PLAIN " + plain("other", pbxUser, pbxPassword)}, "535 5.7.8"},
		{"too many tries", []string{ehlo, "AUTH PLAIN " + plain("", "slow", "x")}, "454 4.7.0"},
		{"a store that does not answer", []string{ehlo, "AUTH PLAIN " + plain("", "broken", "x")}, "454 4.7.0"},
		{"a sign-in that is not PLAIN's", []string{ehlo, "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("x"))}, "501 5.5.2"},
		{"a sign-in by LOGIN", []string{ehlo, "AUTH LOGIN"}, "504 5.7.4"},
		{"a sign-in by CRAM-MD5", []string{ehlo, "AUTH CRAM-MD5"}, "504 5.7.4"},
		{"a second sign-in", []string{ehlo, auth, auth}, "503 "},
		{"a second TLS", []string{ehlo, "STARTTLS"}, "502 "},
		{"a mail said to be too large", []string{ehlo, auth, "MAIL FROM:<a@b.test> SIZE=30000000"}, "552 5.3.4"},
		{"a mail to nobody", []string{ehlo, auth, "MAIL FROM:<a@b.test>", "DATA"}, "502 "},
		{"one recipient too many", []string{ehlo, auth, "MAIL FROM:<a@b.test>", "RCPT TO:<new@x.test>", "RCPT TO:<urgent@x.test>", "RCPT TO:<other@x.test>"}, "452 "},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := openDoor(t, relay.Limits{Recipients: 2})
			conn := d.dial()
			last := len(c.say) - 1
			for _, line := range c.say[:last] {
				if r := say(t, conn, "%s", line); r[0] != '2' {
					t.Fatalf("%q was answered %q", line, r)
				}
			}
			if r := say(t, conn, "%s", c.say[last]); !strings.HasPrefix(r, c.want) {
				t.Errorf("answered %q, want %s", r, c.want)
			}
			if len(d.mails()) != 0 {
				t.Error("a mail was taken")
			}
		})
	}
}

func TestADeviceThatWasDisabledSendsNoMore(t *testing.T) {
	d := openDoor(t, relay.Limits{})
	c := d.signedIn()
	d.disable()
	if r := say(t, c, "MAIL FROM:<a@b.test>"); !strings.HasPrefix(r, "530 5.7.0") {
		t.Errorf("answered %q", r)
	}
}

func TestWhoDoesNotSignInIsSentAway(t *testing.T) {
	d := openDoor(t, relay.Limits{SignIn: 50 * time.Millisecond})
	c := d.dial()
	for { // it may talk as it likes
		if err := c.PrintfLine("NOOP"); err != nil {
			break
		}
		if code, _, err := c.ReadResponse(0); err != nil || code == 421 {
			break
		}
	}
	open := openDoor(t, relay.Limits{SignIn: time.Second, Command: time.Minute})
	known := open.signedIn()
	raw, err := net.Dial("tcp", open.addr) // says nothing, and is closed when its time is over
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := io.ReadAll(raw); err != nil {
		t.Fatal(err)
	}
	if r := say(t, known, "NOOP"); !strings.HasPrefix(r, "250 ") {
		t.Errorf("who signed in was answered %q after that time", r)
	}
}

func TestASecretIsNotOfferedNorTakenOutsideTLS(t *testing.T) {
	d := openDoor(t, relay.Limits{})
	conn, err := net.Dial("tcp", d.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "EHLO x\r\nAUTH PLAIN %s\r\n", plain("", pbxUser, pbxPassword))
	var heard bytes.Buffer
	heard.ReadFrom(conn) // the server ends it
	if strings.Contains(heard.String(), "220") || strings.Contains(heard.String(), "AUTH") {
		t.Errorf("in the clear the server said %q", heard.String())
	}
}

func TestTLSBefore12IsRefused(t *testing.T) {
	d := openDoor(t, relay.Limits{})
	conn, err := tls.Dial("tcp", d.addr, &tls.Config{RootCAs: d.ca.Pool(), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if err == nil {
		conn.Close()
		t.Error("the server spoke TLS 1.1")
	}
}

func TestRecipientsChooseTheCallType(t *testing.T) {
	for _, c := range []struct {
		name    string
		to      []string
		want    message.CallType
		urgency message.Urgency
		unknown bool
	}{
		{"one address", []string{"refill@nightbell.test"}, message.TypeRefill, message.Routine, false},
		{"in capitals and with a tag", []string{"URGENT+pbx@nightbell.test"}, message.TypeUrgent, message.Urgent, false},
		{"several: the most urgent", []string{"billing@nightbell.test", "urgent@nightbell.test", "new@nightbell.test"}, message.TypeUrgent, message.Urgent, false},
		{"an unknown one", []string{"info@nightbell.test"}, message.TypeOther, message.Routine, true},
		{"an unknown one beside an urgent one", []string{"info@nightbell.test", "urgent@nightbell.test"}, message.TypeUrgent, message.Urgent, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := openDoor(t, relay.Limits{})
			if r := d.send("Subject: x\n\nx", c.to...); !strings.HasPrefix(r, "250 ") {
				t.Fatalf("answered %q", r)
			}
			mails := d.mails()
			if len(mails) != 1 {
				t.Fatalf("%d messages were made", len(mails))
			}
			m := mails[0]
			if m.Type != c.want || m.Urgency != c.urgency || slices.Contains(m.Flags, message.FlagUnknownAddress) != c.unknown {
				t.Errorf("type %q, urgency %v, flags %v", m.Type, m.Urgency, m.Flags)
			}
		})
	}
}

func TestATooLargeMailIsRefusedAndTheNextOneTaken(t *testing.T) {
	d := openDoor(t, relay.Limits{Message: 2 << 20})
	c := d.inData("new@nightbell.test")
	line := strings.Repeat("x", 998)
	if r := say(t, c, "Subject: x\r\n\r\n%s.", strings.Repeat(line+"\r\n", 2200)); !strings.HasPrefix(r, "552 5.3.4") {
		t.Fatalf("answered %q", r)
	}
	say(t, c, "MAIL FROM:<a@b.test>")
	say(t, c, "RCPT TO:<new@nightbell.test>")
	say(t, c, "DATA")
	if r := say(t, c, "Subject: small\r\n\r\nx\r\n."); !strings.HasPrefix(r, "250 ") || len(d.mails()) != 1 {
		t.Errorf("answered %q, %d taken", r, len(d.mails()))
	}
}

func TestLargeMailsWaitForEachOther(t *testing.T) {
	d := openDoor(t, relay.Limits{Large: 1})
	entered, leave := make(chan struct{}, 2), make(chan struct{})
	d.onTake(func(context.Context, relay.Mail) error { entered <- struct{}{}; <-leave; return nil })
	large := strings.Repeat(strings.Repeat("x", 998)+"\r\n", 1100)
	answers := make(chan string, 2)
	for range 2 {
		c := d.inData("new@nightbell.test")
		go func() { answers <- say(t, c, "Subject: x\r\n\r\n%s.", large) }()
	}
	<-entered
	select {
	case <-entered:
		t.Error("two large mails were in memory at once")
	default:
	}
	close(leave)
	for range 2 {
		if r := <-answers; !strings.HasPrefix(r, "250 ") {
			t.Errorf("answered %q", r)
		}
	}
}

func TestALargeMailThatFindsNoPlaceIsAskedToComeBack(t *testing.T) {
	d := openDoor(t, relay.Limits{Large: 1, Stall: time.Second})
	entered, leaving := make(chan struct{}), make(chan struct{})
	leave := sync.OnceFunc(func() { close(leaving) })
	t.Cleanup(leave)
	d.onTake(func(context.Context, relay.Mail) error { close(entered); <-leaving; return nil })
	large := strings.Repeat(strings.Repeat("x", 998)+"\r\n", 1100)
	first := d.inData("new@nightbell.test")
	done := make(chan string, 1)
	go func() { done <- say(t, first, "Subject: x\r\n\r\n%s.", large) }()
	<-entered
	second := d.inData("new@nightbell.test")
	if r := say(t, second, "Subject: x\r\n\r\n%s.", large); !strings.HasPrefix(r, "451 4.3.2") {
		t.Errorf("the second was answered %q", r)
	}
	leave()
	if r := <-done; !strings.HasPrefix(r, "250 ") {
		t.Errorf("the first was answered %q", r)
	}
}
