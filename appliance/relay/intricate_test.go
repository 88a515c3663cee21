package relay_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"nightbell/appliance/message"
	"nightbell/appliance/relay"
)

// nested is a mail of multiparts within each other, with a text in the innermost.
func nested(levels int, closed bool) []byte {
	var b, ends strings.Builder
	b.WriteString("Subject: nested\r\nMIME-Version: 1.0\r\n")
	for i := range levels {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d-\r\n\r\n--b%d-\r\n", i, i)
		if closed {
			fmt.Fprintf(&ends, "--b%d---\r\n", levels-1-i)
		}
	}
	b.WriteString("Content-Type: text/plain\r\n\r\nthe innermost words\r\n")
	return []byte(b.String() + ends.String())
}

// pieces is a mail whose file has a name in so many pieces (RFC 2231).
func pieces(n int) []byte {
	var b strings.Builder
	b.WriteString("Content-Type: application/pdf")
	for i := range n {
		fmt.Fprintf(&b, ";\r\n name*%d*=utf-8''a", i)
	}
	return []byte(b.String() + "\r\n\r\nx\r\n")
}

// Without a bound, twenty levels took seconds and thirty an hour: a mail of 2 KB
// held a processor for ever.
func TestAnIntricateMailCannotHoldTheProcessor(t *testing.T) {
	for _, c := range []struct {
		name     string
		mail     []byte
		readable bool
	}{
		{"as deep as real mail, closed", nested(8, true), true},
		{"as deep as real mail, cut short", nested(8, false), true},
		{"forty levels, closed", nested(40, true), true},
		{"forty levels, cut short", nested(40, false), false},
		{"a thousand levels, closed", nested(1000, true), false},
		{"a thousand levels, cut short", nested(1000, false), false},
		{"all under one name", []byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: multipart/mixed; Boundary = \"b\"\r\n\r\n", 20000)), false},
		{"a hundred thousand parts", []byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Disposition: attachment; filename=a\r\n\r\nx\r\n", 100_000)), false},
		{"a file name in fifty thousand pieces", pieces(50_000), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := relay.ParseMail(c.mail, "pbx@example.com", []string{"urgent@nightbell.example"})
			if have := !slices.Contains(p.Flags, message.FlagUnreadable); have != c.readable {
				t.Errorf("readable: %v", have)
			}
			if c.readable && strings.TrimSpace(p.Text.Reveal()) != "the innermost words" {
				t.Error("the text of the innermost part is not shown")
			}
			last := p.Files[len(p.Files)-1]
			if last.Role != message.RoleOriginal || string(last.Data) != string(c.mail) {
				t.Error("the mail as it came is not kept whole")
			}
		})
	}
}
