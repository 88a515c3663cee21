package relay

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	"nightbell/appliance/message"
)

// letter is one mail as it is put onto the wire.
type letter struct {
	id      message.ID // its Message-ID, the same at each attempt
	host    string     // right side of the Message-ID
	date    time.Time
	from    string
	to      string
	subject string
	text    string

	file    string // name of the attachment, "" for none
	content io.Reader
}

// write writes the mail with CR LF line ends. The caller sees to its dots.
func (l letter) write(w io.Writer) error {
	var head bytes.Buffer
	field := func(name, value string) { fmt.Fprintf(&head, "%s: %s\r\n", name, value) }
	field("Date", l.date.UTC().Format(time.RFC1123Z))
	field("From", (&mail.Address{Address: l.from}).String())
	field("To", (&mail.Address{Address: l.to}).String())
	field("Message-ID", fmt.Sprintf("<%s@%s>", l.id, l.host))
	field("Subject", mime.QEncoding.Encode("utf-8", l.subject))
	field("Auto-Submitted", "auto-generated") // RFC 3834 5
	field("X-Auto-Response-Suppress", "All")  // the same for Exchange: nobody's holiday notice is wanted here
	field("MIME-Version", "1.0")
	if l.file == "" {
		writeHeader(&head, textHeader())
		if _, err := head.WriteTo(w); err != nil {
			return err
		}
		return writeText(w, l.text)
	}
	parts := multipart.NewWriter(w)
	// A boundary made of the id, so that a mail is the same at each attempt.
	if err := parts.SetBoundary("nightbell-" + string(l.id)); err != nil {
		return err
	}
	field("Content-Type", mime.FormatMediaType("multipart/mixed", map[string]string{"boundary": parts.Boundary()}))
	head.WriteString("\r\n")
	if _, err := head.WriteTo(w); err != nil {
		return err
	}
	if err := l.writeParts(parts); err != nil {
		return err
	}
	return parts.Close()
}

func (l letter) writeParts(parts *multipart.Writer) error {
	part, err := parts.CreatePart(textHeader())
	if err != nil {
		return err
	}
	if err := writeText(part, l.text); err != nil {
		return err
	}
	part, err = parts.CreatePart(textproto.MIMEHeader{
		"Content-Type":              {mime.FormatMediaType("application/octet-stream", map[string]string{"name": l.file})},
		"Content-Disposition":       {mime.FormatMediaType("attachment", map[string]string{"filename": l.file})},
		"Content-Transfer-Encoding": {"base64"},
	})
	if err != nil {
		return err
	}
	lines := &lineBreaker{w: part}
	encoder := base64.NewEncoder(base64.StdEncoding, lines)
	if _, err := io.Copy(encoder, l.content); err != nil {
		return err
	}
	return encoder.Close()
}

func textHeader() textproto.MIMEHeader {
	return textproto.MIMEHeader{
		"Content-Type":              {"text/plain; charset=utf-8"},
		"Content-Transfer-Encoding": {"quoted-printable"},
	}
}

// writeHeader ends a header with the fields of its only part.
func writeHeader(head *bytes.Buffer, h textproto.MIMEHeader) {
	for _, name := range []string{"Content-Type", "Content-Transfer-Encoding"} {
		fmt.Fprintf(head, "%s: %s\r\n", name, h.Get(name))
	}
	head.WriteString("\r\n")
}

func writeText(w io.Writer, text string) error {
	qp := quotedprintable.NewWriter(w)
	if _, err := io.WriteString(qp, text); err != nil {
		return err
	}
	return qp.Close()
}

// lineBreaker breaks base64 into lines.
type lineBreaker struct {
	w      io.Writer
	column int
}

const base64Line = 76 // RFC 2045 6.8

func (b *lineBreaker) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		if b.column == base64Line {
			if _, err := io.WriteString(b.w, "\r\n"); err != nil {
				return n, err
			}
			b.column = 0
		}
		take := min(len(p), base64Line-b.column)
		if _, err := b.w.Write(p[:take]); err != nil {
			return n, err
		}
		n, p, b.column = n+take, p[take:], b.column+take
	}
	return n, nil
}

// oneLine is what may stand in a header field.
func oneLine(s string) string {
	return strings.Join(strings.Fields(s), " ")
}
