package relay_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/relay"
)

func TestAMailThatBreaksOffIsNotTaken(t *testing.T) {
	d := openDoor(t, relay.Limits{})
	c := d.inData("urgent@nightbell.test")
	c.PrintfLine("Subject: half")
	c.Close()
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	if len(d.mails()) != 0 {
		t.Error("half a mail was taken")
	}
}

func TestAMailThatStallsIsGivenUpAndItsRestIsNoCommand(t *testing.T) {
	d := openDoor(t, relay.Limits{Stall: 30 * time.Millisecond})
	c := d.inData("new@nightbell.test")
	c.PrintfLine("Subject: x\r\n\r\nfirst half")
	if r := reply(t, c); !strings.HasPrefix(r, "421 4.4.2") {
		t.Fatalf("answered %q", r)
	}
	c.PrintfLine("MAIL FROM:<smuggled@example.com>")
	for {
		code, text, err := c.ReadResponse(0)
		if err != nil {
			break // closed
		}
		if code != 421 {
			t.Fatalf("after the broken mail the server answered %d %s", code, text)
		}
	}
	if len(d.mails()) != 0 {
		t.Error("half a mail was taken")
	}
}

func TestAMailInChunksIsTakenOnce(t *testing.T) {
	d := openDoor(t, relay.Limits{})
	c := d.signedIn()
	say(t, c, "MAIL FROM:<a@b.test>")
	say(t, c, "RCPT TO:<new@nightbell.test>")
	c.W.WriteString("BDAT 12\r\nSubject: x\r\n")
	c.W.Flush()
	if r := reply(t, c); !strings.HasPrefix(r, "250 ") || len(d.mails()) != 0 {
		t.Fatalf("the first chunk was answered %q, %d taken", r, len(d.mails()))
	}
	c.W.WriteString("BDAT 7 LAST\r\n\r\nhello")
	c.W.Flush()
	if r := reply(t, c); !strings.HasPrefix(r, "250 ") {
		t.Fatalf("the last chunk was answered %q", r)
	}
	if mails := d.mails(); len(mails) != 1 || mails[0].Text.Reveal() != "hello" {
		t.Errorf("%d mails were taken", len(mails))
	}
}

func TestServeEndsAndLetsAMailUnderWayFinish(t *testing.T) {
	d := openDoor(t, relay.Limits{})
	idle, busy := d.signedIn(), d.inData("urgent@nightbell.test")
	busy.PrintfLine("Subject: the last one\r\n")
	d.end()
	for { // the idle one is sent away
		if _, _, err := idle.ReadResponse(421); err != nil {
			break
		}
	}
	if r := say(t, busy, "text\r\n."); !strings.HasPrefix(r, "250 ") {
		t.Errorf("the mail under way was answered %q", r)
	}
	if err := d.stop(); err != nil || len(d.mails()) != 1 {
		t.Errorf("Serve answered %v, %d mails taken", err, len(d.mails()))
	}
	if conn, err := net.Dial("tcp", d.addr); err == nil {
		conn.Close()
		t.Error("the port is still open")
	}
}

func TestServeEndsThoughAMailNeverEnds(t *testing.T) {
	d := openDoor(t, relay.Limits{Ending: 50 * time.Millisecond})
	c := d.inData("urgent@nightbell.test")
	c.PrintfLine("Subject: endless")
	d.end()
	if r := reply(t, c); !strings.HasPrefix(r, "421 4.3.2") {
		t.Errorf("answered %q", r)
	}
	if err := d.stop(); err != nil || len(d.mails()) != 0 {
		t.Errorf("Serve answered %v, %d mails taken", err, len(d.mails()))
	}
}

func TestServeEndsThoughTheIntakeHangs(t *testing.T) {
	d := openDoor(t, relay.Limits{Ending: 10 * time.Millisecond})
	entered := make(chan struct{})
	d.onTake(func(ctx context.Context, _ relay.Mail) error { close(entered); <-ctx.Done(); return ctx.Err() })
	c := d.inData("urgent@nightbell.test")
	c.PrintfLine("Subject: x\r\n\r\nx\r\n.")
	<-entered
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	if _, _, err := c.ReadResponse(250); err == nil {
		t.Error("the client was told yes")
	}
}

func TestNothingOfAMailIsInTheLog(t *testing.T) {
	d := openDoor(t, relay.Limits{})
	body := "From: canary-from@example.com\nSubject: canary-subject\n\ncanary-text"
	d.send(body, "canary-rcpt@nightbell.test")
	d.onTake(func(context.Context, relay.Mail) error { return errors.New("canary-error") })
	d.send(body, "canary-rcpt@nightbell.test")
	d.onTake(func(_ context.Context, m relay.Mail) error { panic("canary-panic " + m.Text.Reveal()) })
	if r := d.send(body, "canary-rcpt@nightbell.test"); !strings.HasPrefix(r, "421 ") {
		t.Errorf("a panic was answered %q", r)
	}
	c := d.dial()
	c.PrintfLine("EHLO canary-helo")
	c.PrintfLine("canary-command %s", strings.Repeat("x", 70_000))
	for {
		if _, err := c.ReadLine(); err != nil {
			break
		}
	}
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	log := d.log.String()
	if strings.Contains(log, "canary") {
		t.Errorf("the log holds something of a mail:\n%s", log)
	}
	for _, want := range []string{"mail taken", "mail not taken", "panicked"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q", want)
		}
	}
}

func TestAScannerOfPortsDoesNotFillTheLog(t *testing.T) {
	d := openDoor(t, relay.Limits{})
	conn, err := net.Dial("tcp", d.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, conn) // until the door hangs up
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	log := d.log.String()
	if !strings.Contains(log, "level=DEBUG msg=\"smtp: a connection failed\"") || strings.Contains(log, "level=WARN") {
		t.Errorf("the log says\n%s", log)
	}
}
