package demo

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// voicemail sends a mail with a recording, as a phone system does.
func (d *day) voicemail(context.Context) error {
	config, err := d.tls()
	if err != nil {
		return err
	}
	c, err := smtp.DialTLS(d.server.smtps, config)
	if err != nil {
		return fmt.Errorf("connecting as the phone system: %w", err)
	}
	defer c.Close()
	if err := c.Auth(sasl.NewPlainClient("", d.device.User, d.device.Password)); err != nil {
		return fmt.Errorf("signing in as the phone system: %w", err)
	}
	if err := c.SendMail("pbx@cedarstreet.example", []string{"other@nightbell.local"}, voicemailMail()); err != nil {
		return fmt.Errorf("sending the voicemail: %w", err)
	}
	return c.Quit()
}

func voicemailMail() io.Reader {
	const boundary = "=_voicemail"
	var b strings.Builder
	fmt.Fprintf(&b, "From: Phone system <pbx@cedarstreet.example>\r\nTo: other@nightbell.local\r\nSubject: New message in mailbox 100\r\nDate: %s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=%q\r\n\r\n", time.Now().Format(time.RFC1123Z), boundary)
	fmt.Fprintf(&b, "--%s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nCaller: (503) 555-0111\r\nDuration: 0:05\r\n", boundary)
	fmt.Fprintf(&b, "--%s\r\nContent-Type: audio/x-wav; name=msg0001.wav\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=msg0001.wav\r\n\r\n", boundary)
	text := base64.StdEncoding.EncodeToString(tone(5 * time.Second))
	for len(text) > 0 {
		n := min(76, len(text)) // RFC 2045 6.8
		b.WriteString(text[:n] + "\r\n")
		text = text[n:]
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return strings.NewReader(b.String())
}

// tone is a recording: 8 kHz, 16 bits, one channel, as phone systems make them.
func tone(length time.Duration) []byte {
	const rate, pitch, loud = 8000, 440.0, 6000.0
	samples := make([]int16, int(length.Seconds()*rate))
	for i := range samples {
		samples[i] = int16(loud * math.Sin(2*math.Pi*pitch*float64(i)/rate))
	}
	size := uint32(2 * len(samples))
	var b bytes.Buffer
	for _, v := range []any{
		[]byte("RIFF"), 36 + size, []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1),
		uint32(rate), uint32(2 * rate), uint16(2), uint16(16), []byte("data"), size, samples,
	} {
		_ = binary.Write(&b, binary.LittleEndian, v) // a bytes.Buffer takes everything
	}
	return b.Bytes()
}
