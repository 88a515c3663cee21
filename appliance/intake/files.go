package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

const (
	// inlineTotal is what a record holds of files: with a text and a form at
	// their limits, as JSON, it stays well under the 1 MiB of a change. Small
	// files beyond it become blobs.
	inlineTotal = 256 << 10
	// maxName is what a file name may have on common file systems.
	maxName = 255
	// textHead is the beginning of a text that is a blob: enough for the inbox
	// line and a first look.
	textHead = 4 << 10
)

var errTooLarge = errors.New("more than a message may have")

// sealFiles turns the taking's files, and a text that is too long for the
// record, into the record's files. Large ones are sealed and on disk when it
// answers, and stand in d.blobs.
func (d *draft) sealFiles(ctx context.Context) error {
	files := d.taking.Files
	text := d.taking.Text.Reveal()
	if len(text) > message.InlineLimit {
		whole := Attachment{Type: "text/plain", Role: message.RoleText, Data: []byte(text)}
		files = append([]Attachment{whole}, files...)
		text = headOf(text)
	}
	d.record.Text = message.Clear(text)
	left := map[bool]int64{false: MaxTotal - int64(len(text)), true: MaxOriginal} // by: the mail as it came
	for _, a := range files {
		original := a.Role == message.RoleOriginal
		f, err := d.sealFile(ctx, a, left[original])
		if errors.Is(err, errTooLarge) {
			return invalid("files", fmt.Sprintf("The files are more than %d MB together; send them as several messages.", MaxTotal>>20))
		}
		if err != nil {
			return fmt.Errorf("sealing a file of message %s: %w", d.record.Message, err)
		}
		left[original] -= f.Size
		d.record.Files = append(d.record.Files, f)
	}
	return nil
}

// sealFile reads one file, no more than left bytes of it.
func (d *draft) sealFile(ctx context.Context, a Attachment, left int64) (message.File, error) {
	f := message.File{Name: message.Clear(fileName(a.Name.Reveal())), Type: mediaType(a.Type), Role: a.Role}
	r, done, err := a.reader()
	if err != nil {
		return f, err
	}
	defer done()
	r = &atMost{r: r, left: left}
	head := make([]byte, message.InlineLimit+1)
	n, err := io.ReadFull(r, head)
	head = head[:n]
	switch {
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
		return f, err
	case n <= message.InlineLimit && d.inline+n <= inlineTotal:
		d.inline += n
		sum := sha256.Sum256(head)
		f.Data, f.Size, f.Bytes = bytes.Clone(head), int64(n), hex.EncodeToString(sum[:])
		return f, nil
	}
	part, key, sum, size, err := d.in.vault.SealBlob(ctx, io.MultiReader(bytes.NewReader(head), r))
	if err != nil {
		return f, err
	}
	d.blobs = append(d.blobs, part)
	f.Blob, f.Key, f.Bytes, f.Size = part.ID, key, sum, size
	return f, nil
}

func (a Attachment) reader() (r io.Reader, done func(), err error) {
	if a.Open == nil {
		return bytes.NewReader(a.Data), func() {}, nil
	}
	if r, err = a.Open(); err != nil {
		return nil, nil, err
	}
	return r, func() {
		if c, ok := r.(io.Closer); ok {
			c.Close() // it was only read
		}
	}, nil
}

// atMost fails with errTooLarge when more than left bytes are read.
type atMost struct {
	r    io.Reader
	left int64
}

func (a *atMost) Read(b []byte) (int, error) {
	n, err := a.r.Read(b)
	if a.left -= int64(n); a.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// fileName is a declared name without folders and without what steers a
// terminal, at most maxName characters, the end with its extension kept.
func fileName(s string) string {
	s = s[strings.LastIndexAny(s, `/\`)+1:]
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, protocol.Straight(strings.ToValidUTF8(s, "\uFFFD")))
	if runes := []rune(s); len(runes) > maxName {
		s = string(runes[len(runes)-maxName:])
	}
	return strings.TrimSpace(s)
}

// mediaType keeps type and subtype of what was declared; its parameters may hold
// anything, names of files too.
func mediaType(s string) string {
	t, _, err := mime.ParseMediaType(s)
	if (err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter)) || !strings.Contains(t, "/") || len(t) > maxName {
		return "application/octet-stream"
	}
	return t
}

func headOf(s string) string {
	head := s[:textHead]
	for len(head) > 0 && !utf8.ValidString(head) {
		head = head[:len(head)-1]
	}
	return head
}
