package sealed_test

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"nightbell/appliance/appliancetest"
)

// mailer sends mail as a machine does, and keeps what it was answered.
type mailer struct {
	t              *testing.T
	p              *appliancetest.Practice
	w              words
	user, password string

	mu      sync.Mutex
	answers bytes.Buffer
}

// heard keeps what the server says.
type heard struct {
	net.Conn
	m *mailer
}

func (h heard) Read(b []byte) (int, error) {
	n, err := h.Conn.Read(b)
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	h.m.answers.Write(b[:n])
	return n, err
}

// dial connects and says hello with a canary for a name.
func (m *mailer) dial() *smtp.Client {
	m.t.Helper()
	c, err := tls.Dial("tcp", m.p.SMTPS, m.p.Trust())
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { c.Close() })
	client := smtp.NewClient(heard{c, m})
	if err := client.Hello(m.w.passing.ASCII("hello") + ".example"); err != nil {
		m.t.Fatal(err)
	}
	return client
}

// send sends one mail from and to canaries, and wants it taken or refused.
func (m *mailer) send(to []string, mail string, taken bool) {
	m.t.Helper()
	c := m.dial()
	defer c.Close()
	if err := c.Auth(sasl.NewPlainClient("", m.user, m.password)); err != nil {
		m.t.Fatal(err)
	}
	to = append(to, m.w.passing.ASCII("recipient")+"@nightbell.local")
	err := c.SendMail(m.w.passing.ASCII("sender")+"@office.example", to, strings.NewReader(mail))
	if (err == nil) != taken {
		m.t.Errorf("a mail is answered %v", err)
	}
}

// refusals tries what is refused: strangers, broken commands, mails that break off.
func (m *mailer) refusals() {
	m.t.Helper()
	c := m.dial()
	if err := c.Auth(sasl.NewPlainClient("", m.w.passing.ASCII("device"), m.w.passing.Word("device password"))); err == nil {
		m.t.Error("a stranger is let in at the mail door")
	}
	if err := c.Mail(m.w.passing.ASCII("stranger")+"@office.example", nil); err == nil {
		m.t.Error("a stranger may send mail")
	}
	c.Close()

	m.send(nil, "Subject: "+m.w.passing.Word("subject of a long line")+"\r\n\r\n"+strings.Repeat(m.w.passing.Word("long line"), 8000)+"\r\n", false)

	c = m.dial()
	if err := c.Auth(sasl.NewPlainClient("", m.user, m.password)); err != nil {
		m.t.Fatal(err)
	}
	if err := c.Mail("pbx@office.example", nil); err != nil {
		m.t.Fatal(err)
	}
	if err := c.Rcpt("other@nightbell.local", nil); err != nil {
		m.t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		m.t.Fatal(err)
	}
	fmt.Fprintf(w, "Subject: %s\r\n\r\n%s", m.w.passing.Word("subject of half a mail"), m.w.passing.Text("half a mail", 200<<10))
	c.Close()
}

// everything is a mail with a canary wherever one can stand.
func everything(f placed) string {
	b := f.ASCII("boundary")
	inner := "From: " + f.ASCII("from of an inner mail") + "@x.example\r\nSubject: " + f.ASCII("subject of an inner mail") + "\r\n\r\n" + f.Word("text of an inner mail")
	var s strings.Builder
	head := func(name, value string) { fmt.Fprintf(&s, "%s: %s\r\n", name, value) }
	head("From", fmt.Sprintf("%s <%s@pbx.example>", mime.BEncoding.Encode("utf-8", f.Word("name of from")), f.ASCII("from")))
	head("To", fmt.Sprintf("%s <%s>, %s@nightbell.local", mime.QEncoding.Encode("utf-8", f.Word("name of to")), f.ASCII("address of to"), f.ASCII("second to")))
	head("Cc", f.ASCII("cc")+"@x.example")
	head("Reply-To", f.ASCII("reply-to")+"@x.example")
	head("Subject", mime.BEncoding.Encode("utf-8", "Voicemail of "+f.Word("subject")))
	head("Message-ID", "<"+f.ASCII("message id")+"@pbx.example>")
	head("In-Reply-To", "<"+f.ASCII("in reply to")+"@pbx.example>")
	head("Date", "Tue, 24 Nov 2026 12:00:00 -0500 ("+f.ASCII("date")+")")
	head("X-Caller-Id", f.ASCII("own header"))
	head("Received", "from "+f.ASCII("received")+".example")
	head("Comments", f.Word("header in utf-8"))
	head("MIME-Version", "1.0")
	head("Content-Type", "multipart/mixed; boundary="+b)
	s.WriteString("\r\n" + f.ASCII("preamble") + "\r\n")
	part := func(kind, disposition, encoding, body string) {
		fmt.Fprintf(&s, "--%s\r\nContent-Type: %s\r\n", b, kind)
		if disposition != "" {
			fmt.Fprintf(&s, "Content-Disposition: %s\r\n", disposition)
		}
		fmt.Fprintf(&s, "Content-Transfer-Encoding: %s\r\n\r\n%s\r\n", encoding, body)
	}
	part("text/plain; charset=utf-8", "", "quoted-printable", quoted("Please call "+f.Word("text")))
	part("text/html; charset=utf-8", "", "base64", lines("<html><head><title>"+f.Word("html title")+"</title></head><body><p>"+f.Word("html")+
		"</p><!-- "+f.Word("html comment")+" --><a href=\"https://x.example/"+f.ASCII("html link")+"\">here</a></body></html>"))
	part("audio/wav; name="+f.ASCII("name of a type"), "attachment; filename="+f.ASCII("name of a small file")+".wav", "base64", lines(f.Word("small file")))
	part("application/pdf", "attachment; filename*=utf-8''"+escape(f.Word("name of a large file"))+".pdf", "base64", lines(f.Text("large file", 100<<10)))
	part("text/plain; charset=utf-16le", "attachment; filename=\""+f.ASCII("name of a text")+".txt\"", "base64", lines(f.Text("text as a file", 100)))
	part("application/gzip", "attachment; filename=x.gz", "base64", lines(zipped(f.Word("gzip file"))))
	part("message/rfc822", "attachment", "7bit", inner)
	fmt.Fprintf(&s, "--%s--\r\n%s\r\n", b, f.ASCII("epilogue"))
	return s.String()
}

// broken is a mail that no parser likes.
func broken(f placed) string {
	return "this is no header " + f.Word("broken header") + "\r\nSubject " + f.Word("broken subject") + "\r\n\r\n" +
		"--x\r\nContent-Type: text/plain; charset=\"" + f.ASCII("broken charset") + "\r\n\r\n=ZZ" + f.Word("broken text") + "\r\n"
}

func quoted(s string) string {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

// lines is base64 in lines as mail has it.
func lines(s string) string {
	enc := base64.StdEncoding.EncodeToString([]byte(s))
	var b strings.Builder
	for len(enc) > 76 {
		b.WriteString(enc[:76] + "\r\n")
		enc = enc[76:]
	}
	return b.String() + enc
}

func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

func zipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(s))
	z.Close()
	return b.String()
}
