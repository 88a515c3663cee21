package relay_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/relay"
)

// crlf writes a mail as it goes over the wire.
func crlf(s string) []byte {
	return []byte(strings.ReplaceAll(strings.TrimPrefix(s, "\n"), "\n", "\r\n"))
}

const voicemail = `
From: "Office PBX" <pbx@example.com>
To: urgent@nightbell.example
Subject: =?utf-8?q?Voicemail_from_Jos=C3=A9?=
Date: Tue, 24 Nov 2026 21:30:00 -0500
Message-ID: <vm-1@pbx.example.com>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=frontier

--frontier
Content-Type: text/plain; charset=utf-8

Message length 0:42
--frontier
Content-Type: audio/x-wav; name="msg0001.wav"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="msg0001.wav"

UklGRiQAAABXQVZF
--frontier--
`

const htmlOnly = `
From: portal@example.com
To: refill@nightbell.example
Subject: Refill
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

<p>Se=F1or <b>Garc=EDa</b></p><p>needs a refill</p>
`

func TestAMailIsReadAsAPersonWouldReadIt(t *testing.T) {
	for _, c := range []struct {
		name       string
		mail       string
		form       map[string]string
		text       string
		files      []string // role, type, name
		unreadable bool
	}{
		{
			name: "a voicemail has its text, its sound and its header",
			mail: voicemail,
			form: map[string]string{
				protocol.FieldMailFrom: `"Office PBX" <pbx@example.com>`, protocol.FieldMailTo: "urgent@nightbell.example",
				protocol.FieldMailSubject: "Voicemail from José", protocol.FieldMailDate: "Tue, 24 Nov 2026 21:30:00 -0500", protocol.FieldMailID: "<vm-1@pbx.example.com>",
			},
			text:  "Message length 0:42",
			files: []string{"attachment audio/x-wav msg0001.wav", "original message/rfc822 "},
		},
		{
			name: "HTML becomes readable text and is kept",
			mail: htmlOnly,
			form: map[string]string{protocol.FieldMailSubject: "Refill"},
			text: "Señor *García*\n\nneeds a refill", files: []string{"html text/html; charset=utf-8 ", "original message/rfc822 "},
		},
		{
			name: "a blank text beside HTML counts as no text",
			mail: "Subject: x\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n   \n\n--b\nContent-Type: text/html\n\n<p>call back</p>\n--b--\n",
			text: "call back", files: []string{"html text/html; charset=utf-8 ", "original message/rfc822 "},
		},
		{
			name: "a fax without a word is its attachment",
			mail: "From: fax@example.com\nSubject: Fax\nContent-Type: application/pdf; name=\"fax 1.pdf\"\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjQK\n",
			text: "", files: []string{"attachment application/pdf fax 1.pdf", "original message/rfc822 "},
		},
		{
			name: "a mail of only a subject is whole",
			mail: "Subject: call 555-0100\n\n", form: map[string]string{protocol.FieldMailSubject: "call 555-0100"},
			text: "", files: []string{"original message/rfc822 "},
		},
		{
			name: "a mail in a mail is an attachment",
			mail: "Subject: Fwd\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nsee below\n--b\nContent-Type: message/rfc822\n\nSubject: inner\n\ninner text\n--b--\n",
			text: "see below", files: []string{"attachment message/rfc822 ", "original message/rfc822 "},
		},
		{
			name: "a second HTML part is not lost",
			mail: "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>one</p>\n--b\nContent-Type: text/html\n\n<p>two</p>\n--b--\n",
			text: "one", files: []string{"attachment text/html ", "html text/html; charset=utf-8 ", "original message/rfc822 "},
		},
		{
			name: "a file name keeps only its last element",
			mail: "Subject: x\nContent-Type: image/png\nContent-Disposition: attachment; filename=\"..\\\\..\\\\etc\\\\pass.png\"\n\nx\n",
			text: "", files: []string{"attachment image/png pass.png", "original message/rfc822 "},
		},
		{
			name: "8-bit text that is not UTF-8 is read as Latin-1",
			mail: "Subject: caf\xe9\nFrom: a@example.com\n\nna\xefve\n", form: map[string]string{protocol.FieldMailSubject: "café"},
			text: "naïve", files: []string{"original message/rfc822 "},
		},
		{
			name: "an unclosed boundary loses nothing",
			mail: "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\ncut short\n",
			text: "cut short", files: []string{"original message/rfc822 "},
		},
		{
			name: "a boundary that never comes shows the raw text",
			mail: "Subject: x\nContent-Type: multipart/mixed; boundary=never\n\nplease call 555-0100\n",
			form: map[string]string{protocol.FieldMailSubject: "x"},
			text: "please call 555-0100", files: []string{"original message/rfc822 "}, unreadable: true,
		},
		{
			name: "a multipart without a boundary shows the raw text",
			mail: "Subject: x\nContent-Type: multipart/mixed\n\nplease call\n", form: map[string]string{protocol.FieldMailSubject: "x"},
			text: "please call", files: []string{"original message/rfc822 "}, unreadable: true,
		},
		{
			name: "a mail without a header is shown raw, from whom the envelope says",
			mail: "please call 555-0100\nat once\n",
			form: map[string]string{protocol.FieldMailFrom: "sender@example.com", protocol.FieldMailTo: "urgent@nightbell.example, new@nightbell.example", protocol.FieldMailSubject: ""},
			text: "please call 555-0100\nat once", files: []string{"original message/rfc822 "}, unreadable: true,
		},
		{
			name: "an empty mail is empty",
			mail: "", text: "", files: []string{"original message/rfc822 "},
		},
		{
			name: "an attachment of bad base64 is flagged and the rest is read",
			mail: "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nhello\n--b\nContent-Type: audio/wav; name=a.wav\nContent-Transfer-Encoding: base64\n\n====A\n--b--\n",
			text: "hello", files: []string{"attachment audio/wav a.wav", "original message/rfc822 "}, unreadable: true,
		},
		{
			name: "an encoding nobody knows is flagged",
			mail: "Subject: x\nContent-Transfer-Encoding: rot13\n\nuryyb\n",
			text: "uryyb", files: []string{"original message/rfc822 "}, unreadable: true,
		},
		{
			name: "NUL and bare line ends do not reach the reader",
			mail: "Subject: x\n\na\x00b\rc\n",
			text: "ab\nc", files: []string{"original message/rfc822 "},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := crlf(c.mail)
			p := relay.ParseMail(raw, "sender@example.com", []string{"urgent@nightbell.example", "new@nightbell.example"})
			if text := strings.TrimSpace(p.Text.Reveal()); text != c.text {
				t.Errorf("text is %q, want %q", text, c.text)
			}
			for field, want := range c.form {
				if have := p.Form[field].Reveal(); have != want {
					t.Errorf("%s is %q, want %q", field, have, want)
				}
			}
			var files []string
			for _, f := range p.Files {
				files = append(files, string(f.Role)+" "+f.Type+" "+f.Name.Reveal())
			}
			if !slices.Equal(files, c.files) {
				t.Errorf("files are %q, want %q", files, c.files)
			}
			if have := slices.Contains(p.Flags, message.FlagUnreadable); have != c.unreadable {
				t.Errorf("unreadable is %v, want %v", have, c.unreadable)
			}
			if original := p.Files[len(p.Files)-1]; string(original.Data) != string(raw) {
				t.Error("the mail as it came was changed")
			}
		})
	}
}

func TestAMailThatCannotBeReadIsShownInPartAndKeptWhole(t *testing.T) {
	raw := crlf("not a header\n" + strings.Repeat("é", message.InlineLimit))
	p := relay.ParseMail(raw, "", nil)
	if n := len(p.Text.Reveal()); n > message.InlineLimit || n < message.InlineLimit-4 {
		t.Errorf("%d bytes of text are shown", n)
	}
	if original := p.Files[len(p.Files)-1]; len(original.Data) != len(raw) {
		t.Errorf("%d of %d bytes are kept", len(original.Data), len(raw))
	}
}

func FuzzParseMail(f *testing.F) {
	f.Add(crlf(voicemail))
	f.Add(crlf(htmlOnly))
	f.Add([]byte(""))
	f.Add([]byte("no header at all"))
	f.Add([]byte(":\r\n\r\n"))
	f.Add([]byte("Subject: =?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte("x\r\ny")) + "?=\r\n\r\n\xff\xfe\x00"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n\r\n----\r\n"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n"))
	f.Add([]byte("Content-Type: text/html; charset=utf-7\r\n\r\n<a href=\"+AHg-\">\r\n"))
	f.Add([]byte("Content-Type: text/plain; name*0*=utf-8''%ff; name*1=x\r\nContent-Disposition: ;\r\n\r\nx"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p := relay.ParseMail(raw, "a@b.example", []string{"urgent@c.example"})
		original := p.Files[len(p.Files)-1]
		if original.Role != message.RoleOriginal || string(original.Data) != string(raw) {
			t.Fatal("the mail as it came was changed")
		}
		for field, v := range p.Form {
			if strings.ContainsAny(v.Reveal(), "\r\n\x00") {
				t.Fatalf("field %s has more than one line", field)
			}
		}
		for _, file := range p.Files {
			if strings.ContainsAny(file.Name.Reveal(), "/\\\r\n\x00") {
				t.Fatal("a file name leads elsewhere")
			}
		}
	})
}

func TestWhatStandsBesideTheTextIsRead(t *testing.T) {
	const head = "From: pbx@example.com\nTo: urgent@nightbell.example\nSubject: x\nMIME-Version: 1.0\n"
	for name, c := range map[string]struct {
		mail string
		want string
	}{
		"a page that says more than its text": {head + `Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain

Please open the page.
--b
Content-Type: text/html

<p>He has <b>chest</b>&nbsp;pain.</p>
--b--
`, "chest* pain"},
		"a text that is attached": {head + `Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

See the file.
--b
Content-Type: text/plain; name=transcript.txt
Content-Disposition: attachment; filename=transcript.txt
Content-Transfer-Encoding: base64

SGUgaGFzIGNoZXN0IHBhaW4u
--b--
`, "chest pain"},
	} {
		p := relay.ParseMail(crlf(c.mail), "", nil)
		var said string
		for _, one := range p.Aside {
			said += one.Reveal()
		}
		if !strings.Contains(strings.ReplaceAll(said, "\u00a0", " "), c.want) {
			t.Errorf("%s: beside the text stands %q", name, said)
		}
	}
	if p := relay.ParseMail(crlf(htmlOnly), "", nil); len(p.Aside) != 0 {
		t.Errorf("what is the text already stands beside it: %q", p.Aside[0].Reveal())
	}
}
