package message

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Record is the clear content of one sealed record: what an intake took, or
// what somebody typed while working the message. It holds PHI, prints as
// "[sealed]" wherever it is formatted or logged, and is JSON only inside a seal.
type Record struct {
	Message ID               `json:"message"`
	Part    ID               `json:"part"`
	Kind    PartKind         `json:"kind"`
	Salt    string           `json:"salt"` // random; keeps the commitment from being guessed
	Form    map[string]Clear `json:"form,omitempty"`
	Text    Clear            `json:"text,omitempty"` // free text, or a mail's readable text
	Files   []File           `json:"files,omitempty"`
}

// File is something attached to a record. Small ones lie in it (Data), larger
// ones are blobs beside it (Blob and Key).
type File struct {
	Name  Clear  `json:"name,omitempty"`
	Type  string `json:"type"` // media type as declared, never trusted
	Role  Role   `json:"role"`
	Size  int64  `json:"size"` // bytes in the clear
	Data  []byte `json:"data,omitempty"`
	Blob  ID     `json:"blob,omitempty"` // part id, and name of the blob's file
	Key   Clear  `json:"key,omitempty"`  // the age identity that opens the blob, standing nowhere else
	Bytes string `json:"sha256"`         // hex SHA-256 of the clear bytes
}

// Role says what a file is to its message.
type Role string

const (
	RoleAttachment Role = "attachment" // came with it: a voicemail, a fax, a picture
	RoleOriginal   Role = "original"   // the mail as it came
	RoleHTML       Role = "html"       // the mail's HTML, kept beside its readable text
	RoleText       Role = "text"       // a text too long for the record
)

// InlineLimit is the largest file or text that lies in a record; what is larger
// is a blob.
const InlineLimit = 64 << 10

// Encode writes the record as one line of JSON, without padding.
func (r Record) Encode() ([]byte, error) {
	line, err := json.Marshal(record(r))
	if err != nil {
		return nil, fmt.Errorf("encoding record %s: %w", r.Part, err)
	}
	return line, nil
}

// DecodeRecord reads a line that Encode wrote, trailing spaces allowed. The
// error never quotes the line.
func DecodeRecord(line []byte) (Record, error) {
	var r record
	d := json.NewDecoder(bytes.NewReader(line))
	if err := d.Decode(&r); err != nil {
		return Record{}, fmt.Errorf("a record of %d bytes is not one line of JSON", len(line))
	}
	if rest := line[d.InputOffset():]; len(bytes.TrimSpace(rest)) > 0 {
		return Record{}, fmt.Errorf("a record of %d bytes has something after its end", len(line))
	}
	if _, err := ParseID(string(r.Message)); err != nil {
		return Record{}, fmt.Errorf("a record names no message")
	}
	if _, err := ParseID(string(r.Part)); err != nil {
		return Record{}, fmt.Errorf("a record names no part")
	}
	return Record(r), nil
}

// record is Record without its methods, for encoding/json.
type record Record

// Field answers a form field, trimmed, or "".
func (r Record) Field(name string) Clear {
	return Clear(strings.TrimSpace(string(r.Form[name])))
}
