package relay

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/inbucket/html2text"
	"github.com/jhillyerd/enmime/v2"
	"golang.org/x/net/html/charset"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

const (
	rawTextLimit  = message.InlineLimit // of a mail that cannot be read, this much is shown; all of it is kept
	fieldLimit    = 4 << 10             // bytes shown of one header field; all of it stands in the mail as it came
	fileNameLimit = 255                 // bytes; what file systems take
	partErrors    = 64                  // enmime keeps a text for each error; a handful answers our question
)

// Parsed is what a person can see of a mail, and the mail itself.
type Parsed struct {
	Form  map[string]message.Clear // the header fields people read, decoded
	Text  message.Clear            // the readable text, or the raw one where there is none
	Aside []message.Clear          // what else is written in it, for who looks for words: its HTML beside a text, attached text
	Files []File                   // attachments in their order, the HTML, last the mail as it came
	Flags []message.Flag
}

// File is something that came with a mail.
type File struct {
	Name message.Clear
	Type string // as declared, never trusted
	Role message.Role
	Data []byte
}

// Format prints "[sealed]", whatever the verb: Data is the clear mail.
func (f File) Format(s fmt.State, verb rune) { f.Name.Format(s, verb) }

// LogValue logs "[sealed]".
func (f File) LogValue() slog.Value { return f.Name.LogValue() }

// ParseMail turns a mail into what people read, and never fails: what cannot be
// read is flagged message.FlagUnreadable and shown raw as far as possible. The
// mail as it came is always its last file. from and to are the SMTP envelope's
// and stand in where the header does not say.
func ParseMail(raw []byte, from string, to []string) Parsed {
	header, body := split(raw)
	p := Parsed{Form: form(header, from, to)}
	read, lost := readParts(raw)
	if read != nil {
		p.Text, p.Aside, p.Files = read.Text, read.Aside, read.Files
	}
	if blank(p.Text) && len(p.Files) == 0 {
		p.Text = message.Clear(cut(cleanText(string(body)), rawTextLimit))
		lost = lost || !blank(p.Text)
	}
	if lost {
		p.Flags = append(p.Flags, message.FlagUnreadable)
	}
	p.Files = append(p.Files, File{Type: "message/rfc822", Role: message.RoleOriginal, Data: raw})
	return p
}

// readParts answers the text and the files of a mail, or nil where enmime gives
// up, and whether anything of it was lost on the way.
func readParts(raw []byte) (read *Parsed, lost bool) {
	// Mail is written by strangers, and enmime with the libraries below it
	// (charset detection, HTML to text) is large: a panic in there may cost the
	// picture of one mail, never the mail or the process.
	defer func() {
		if recover() != nil {
			read, lost = nil, true
		}
	}()
	if tooIntricate(raw) {
		return nil, true
	}
	env, err := enmime.NewParser(
		enmime.SkipMalformedParts(true),
		enmime.SetReadPartErrorPolicy(enmime.AllowCorruptTextPartErrorPolicy),
		enmime.MaxStoredPartErrors(partErrors),
	).ReadEnvelope(&patient{r: bytes.NewReader(raw)})
	if err != nil {
		return nil, true
	}
	text := env.Text
	if strings.TrimSpace(text) == "" && env.HTML != "" {
		// enmime does this only when the text is empty to the last space.
		text, err = html2text.FromString(env.HTML)
		lost = err != nil
	}
	files := attachments(env)
	read = &Parsed{Text: message.Clear(cleanText(text)), Files: files, Aside: aside(env, files)}
	if env.HTML != "" {
		read.Files = append(read.Files, File{Type: "text/html; charset=utf-8", Role: message.RoleHTML, Data: []byte(utf8Text(env.HTML))})
	}
	return read, lost || damaged(env)
}

// aside answers what is written in a mail and its attachments and not shown as its text.
func aside(env *enmime.Envelope, attached []File) (list []message.Clear) {
	plain := env.Root.DepthMatchFirst(func(p *enmime.Part) bool { return isBody(p, "text/plain") })
	if env.HTML != "" && plain != nil {
		list = append(list, message.Clear(cleanText(textOf(env.HTML))))
	}
	for _, f := range attached {
		if f.Type == "text/plain" {
			list = append(list, message.Clear(cleanText(string(f.Data))))
		}
	}
	return list
}

// textOf is the text of a page, or the page itself where that cannot be had: its
// words still stand in it.
func textOf(page string) (text string) {
	defer func() {
		if recover() != nil { // the same reason as in readParts
			text = page
		}
	}()
	text, err := html2text.FromString(page)
	if err != nil {
		return page
	}
	return text
}

// damaged says whether a part was lost, cut short or left as it was encoded. A
// bad header line or a missing last boundary loses nothing that people read.
func damaged(env *enmime.Envelope) bool {
	for _, e := range env.Errors {
		switch e.Name {
		case enmime.ErrorMalformedBase64, enmime.ErrorDataHasBoundary:
			if e.Severe {
				return true
			}
		case enmime.ErrorMalformedChildPart, enmime.ErrorContentEncoding:
			return true
		}
	}
	return false
}

// attachments are the leaves of the mail that are not its text: whatever enmime
// shows neither as text nor as HTML is here, so that nothing is out of sight.
func attachments(env *enmime.Envelope) []File {
	html := env.Root.DepthMatchFirst(func(p *enmime.Part) bool { return isBody(p, "text/html") })
	var files []File
	for _, p := range env.Root.DepthMatchAll(func(p *enmime.Part) bool { return p.FirstChild == nil }) {
		shown := p == html || isBody(p, "text/plain") && strings.Contains(env.Text, string(p.Content))
		if strings.HasPrefix(p.ContentType, "multipart/") || shown && p.FileName == "" {
			continue
		}
		files = append(files, File{Name: message.Clear(fileName(p.FileName)), Type: mediaType(p.ContentType), Role: message.RoleAttachment, Data: p.Content})
	}
	return files
}

// isBody says whether enmime takes the part for text of the mail.
func isBody(p *enmime.Part, contentType string) bool {
	return p.Disposition != "attachment" && (p.ContentType == contentType || p.ContentType == "" && contentType == "text/plain")
}

// split cuts a mail into its header, nil where it has none, and its body.
func split(raw []byte) (header map[string][]string, body []byte) {
	// The same reason as in readParts.
	defer func() {
		if recover() != nil {
			header, body = nil, raw
		}
	}()
	end := headerEnd(raw)
	h, err := enmime.ReadHeader(bufio.NewReader(bytes.NewReader(raw[:end])), ignoreErrors{})
	if err != nil || end == 0 {
		return nil, raw
	}
	return h, raw[end:]
}

// ignoreErrors is for the second look at a header whose faults were judged.
type ignoreErrors struct{}

func (ignoreErrors) AddError(string, string, ...any)   {}
func (ignoreErrors) AddWarning(string, string, ...any) {}

// headerEnd answers where the header ends: after its empty line, at the end of
// a mail without one, or 0 when the first line is no header field.
func headerEnd(raw []byte) int {
	line, _, _ := bytes.Cut(raw, []byte("\n"))
	name, _, found := bytes.Cut(line, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	if !found || len(name) == 0 || bytes.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return 0
	}
	for at := 0; at < len(raw); {
		line, _, _ := bytes.Cut(raw[at:], []byte("\n"))
		at = min(at+len(line)+1, len(raw))
		if len(bytes.TrimRight(line, "\r")) == 0 {
			return at
		}
	}
	return len(raw)
}

// form picks the header fields that people read.
func form(h map[string][]string, from string, to []string) map[string]message.Clear {
	form := make(map[string]message.Clear)
	put := func(field string, values ...string) {
		var lines []string
		for _, v := range values {
			if v = cleanLine(v); v != "" {
				lines = append(lines, v)
			}
		}
		if len(lines) > 0 {
			form[field] = message.Clear(cut(strings.Join(lines, ", "), fieldLimit))
		}
	}
	put(protocol.FieldMailFrom, from)
	put(protocol.FieldMailTo, to...)
	put(protocol.FieldMailFrom, h["From"]...)
	put(protocol.FieldMailTo, h["To"]...)
	put(protocol.FieldMailCc, h["Cc"]...)
	put(protocol.FieldMailReplyTo, h["Reply-To"]...)
	put(protocol.FieldMailSubject, h["Subject"]...)
	put(protocol.FieldMailDate, h["Date"]...)
	put(protocol.FieldMailID, h["Message-Id"]...)
	return form
}

// cleanLine decodes a header field (RFC 2047) into one printable line.
func cleanLine(v string) string {
	decoder := mime.WordDecoder{CharsetReader: charset.NewReaderLabel}
	if decoded, err := decoder.DecodeHeader(v); err == nil {
		v = decoded
	}
	v = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, utf8Text(v))
	return strings.TrimSpace(v)
}

// cleanText is text with plain line ends and without NUL.
func cleanText(s string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "").Replace(utf8Text(s))
}

// utf8Text reads what is not UTF-8 as ISO 8859-1, which every byte is.
func utf8Text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// fileName is the last element of a name, printable and not too long.
func fileName(name string) string {
	name = cleanLine(name)
	if at := strings.LastIndexAny(name, `/\`); at >= 0 {
		name = name[at+1:]
	}
	if name == "." || name == ".." {
		return ""
	}
	return cut(name, fileNameLimit)
}

// mediaType is the declared type, or that of bytes nobody knows.
func mediaType(declared string) string {
	parsed, _, err := mime.ParseMediaType(declared)
	if err != nil || !strings.Contains(parsed, "/") {
		return "application/octet-stream"
	}
	return parsed
}

// cut shortens s to at most limit bytes, between runes.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

func blank(c message.Clear) bool { return strings.TrimSpace(string(c)) == "" }
