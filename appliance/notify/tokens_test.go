package notify_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
)

var bout = time.Date(2026, 11, 24, 10, 7, 0, 0, time.UTC)

const call = message.ID("01936000-0000-7000-8000-000000000001")

func tokens() notify.Tokens { return notify.NewTokens(bytes.Repeat([]byte{7}, notify.TokenKeySize)) }

func TestATokenIsBoundToMessagePersonAndBout(t *testing.T) {
	token := tokens().For(call, 1042, "p1", bout)
	for _, c := range []struct {
		name   string
		by     notify.Tokens
		id     message.ID
		number message.Number
		person message.PersonID
		bout   time.Time
		want   bool
	}{
		{"its own", tokens(), call, 1042, "p1", bout, true},
		{"its own in another zone", tokens(), call, 1042, "p1", bout.In(time.FixedZone("", 3600)), true},
		{"another message", tokens(), "01936000-0000-7000-8000-000000000002", 1042, "p1", bout, false},
		{"another number", tokens(), call, 1043, "p1", bout, false},
		{"another person", tokens(), call, 1042, "p2", bout, false},
		{"a later bout", tokens(), call, 1042, "p1", bout.Add(time.Nanosecond), false},
		{"another machine", notify.NewTokens(bytes.Repeat([]byte{8}, 32)), call, 1042, "p1", bout, false},
		{"a machine without a key", notify.NewTokens(nil), call, 1042, "p1", bout, false},
	} {
		if got := c.by.Check(token, c.id, c.number, c.person, c.bout); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
		if got := c.by.CheckCode(token.Code(), c.id, c.number, c.person, c.bout); got != c.want {
			t.Errorf("the code of %s: %v", c.name, got)
		}
	}
	if tokens().Check("", call, 1042, "p1", bout) || tokens().CheckCode("", call, 1042, "p1", bout) {
		t.Error("no token is a token")
	}
	if token.Number() != 1042 {
		t.Errorf("it names %s", token.Number())
	}
}

func TestATokenIsFoundInWhatAPersonSendsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := message.Number(rapid.Int64Range(1001, 99999999).Draw(t, "number"))
		person := message.PersonID(rapid.StringN(1, 40, 60).Draw(t, "person"))
		token := tokens().For(call, number, person, bout)
		before, after := rapid.SampledFrom([]string{"", " ", "> ", "[", "answer:", "N-"}).Draw(t, "before"), rapid.SampledFrom([]string{"", " ", "]", ".", "\r\n"}).Draw(t, "after")
		said := before + token.Reveal() + after
		if rapid.Bool().Draw(t, "shouted") {
			said = strings.ToUpper(said)
		}
		if got, found := notify.FindToken(said); !found || got != token {
			t.Fatalf("%q holds %q", said, got.Reveal())
		}
	})
	for _, said := range []string{"", "TAKE", "1042", "1042-abc", "1042-k7fm2x-aaaaa-aaaaa-aaaaa-aaa1a"} {
		if _, found := notify.FindToken(said); found {
			t.Errorf("a token was found in %q", said)
		}
	}
}

func TestATokenIsNotPrinted(t *testing.T) {
	token := tokens().For(call, 1042, "p1", bout)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("answer", "token", token)
	for _, text := range []string{fmt.Sprintf("%s %v %q %x %+v", token, token, token, token, struct{ T notify.Token }{token}), log.String()} {
		if strings.Contains(text, token.Code()) || !strings.Contains(text, "[token]") {
			t.Errorf("printed as %q", text)
		}
	}
}
