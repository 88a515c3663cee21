package message

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Record is the clear content of one sealed record: what an intake took, or
// what somebody typed while working the message. It holds PHI, prints as
// "[sealed]" wherever it is formatted or logged, and is JSON only inside a seal.
type Record struct {
	Message ID
	Part    ID
	Kind    PartKind
	Salt    string // random; keeps the commitment from being guessed
	Form    map[string]Clear
	Text    Clear // free text, or a mail's readable text
	Files   []File
	Script  []Spoken  // the steps of the script, in their order
	Flags   []Flagged // the red flags whose words stood in it
}

// File is something attached to a record. Small ones lie in it (Data), larger
// ones are blobs beside it (Blob and Key).
type File struct {
	Name  Clear
	Type  string // media type as declared, never trusted
	Role  Role
	Size  int64 // bytes in the clear
	Data  []byte
	Blob  ID     // part id, and name of the blob's file
	Key   Clear  // the age identity that opens the blob, standing nowhere else
	Bytes string // hex SHA-256 of the clear bytes
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

// Encode writes the record as one line of JSON, without padding. What is not
// UTF-8 is replaced, as JSON must.
func (r Record) Encode() ([]byte, error) {
	line, err := json.Marshal(lineOf(r))
	if err != nil {
		return nil, fmt.Errorf("encoding record %s: %w", r.Part, err)
	}
	return line, nil
}

// DecodeRecord reads a line that Encode wrote, trailing spaces allowed. The
// error never quotes the line.
func DecodeRecord(line []byte) (Record, error) {
	var l recordLine
	d := json.NewDecoder(bytes.NewReader(line))
	if err := d.Decode(&l); err != nil {
		return Record{}, fmt.Errorf("a record of %d bytes is not one line of JSON", len(line))
	}
	if rest := line[d.InputOffset():]; len(bytes.TrimSpace(rest)) > 0 {
		return Record{}, fmt.Errorf("a record of %d bytes has something after its end", len(line))
	}
	if _, err := ParseID(string(l.Message)); err != nil {
		return Record{}, fmt.Errorf("a record names no message")
	}
	if _, err := ParseID(string(l.Part)); err != nil {
		return Record{}, fmt.Errorf("a record names no part")
	}
	return l.record(), nil
}

// recordLine and what it holds are a record as it stands in its line: the same,
// in plain strings, which nothing outside this file can hold.
type recordLine struct {
	Message ID                `json:"message"`
	Part    ID                `json:"part"`
	Kind    PartKind          `json:"kind"`
	Salt    string            `json:"salt"`
	Form    map[string]string `json:"form,omitempty"`
	Text    string            `json:"text,omitempty"`
	Files   []fileLine        `json:"files,omitempty"`
	Script  []spokenLine      `json:"script,omitempty"`
	Flags   []flaggedLine     `json:"flags,omitempty"`
}

type spokenLine struct {
	Step    string    `json:"step"`
	At      time.Time `json:"at"`
	Skipped bool      `json:"skipped,omitempty"`
	Answer  string    `json:"answer,omitempty"`
}

type flaggedLine struct {
	Flag string    `json:"flag"`
	Said FlagWord  `json:"said"`
	At   time.Time `json:"at"`
}

type fileLine struct {
	Name  string `json:"name,omitempty"`
	Type  string `json:"type"`
	Role  Role   `json:"role"`
	Size  int64  `json:"size"`
	Data  []byte `json:"data,omitempty"`
	Blob  ID     `json:"blob,omitempty"`
	Key   string `json:"key,omitempty"`
	Bytes string `json:"sha256"`
}

func lineOf(r Record) recordLine {
	l := recordLine{Message: r.Message, Part: r.Part, Kind: r.Kind, Salt: r.Salt, Text: string(r.Text)}
	if len(r.Form) > 0 {
		l.Form = make(map[string]string, len(r.Form))
		for name, value := range r.Form {
			l.Form[name] = string(value)
		}
	}
	for _, f := range r.Files {
		l.Files = append(l.Files, fileLine{Name: string(f.Name), Type: f.Type, Role: f.Role, Size: f.Size,
			Data: f.Data, Blob: f.Blob, Key: string(f.Key), Bytes: f.Bytes})
	}
	for _, s := range r.Script {
		l.Script = append(l.Script, spokenLine{s.Step, s.At, s.Skipped, string(s.Answer)})
	}
	for _, f := range r.Flags {
		l.Flags = append(l.Flags, flaggedLine(f))
	}
	return l
}

func (l recordLine) record() Record {
	r := Record{Message: l.Message, Part: l.Part, Kind: l.Kind, Salt: l.Salt, Text: Clear(l.Text)}
	if len(l.Form) > 0 {
		r.Form = make(map[string]Clear, len(l.Form))
		for name, value := range l.Form {
			r.Form[name] = Clear(value)
		}
	}
	for _, f := range l.Files {
		r.Files = append(r.Files, File{Name: Clear(f.Name), Type: f.Type, Role: f.Role, Size: f.Size,
			Data: f.Data, Blob: f.Blob, Key: Clear(f.Key), Bytes: f.Bytes})
	}
	for _, s := range l.Script {
		r.Script = append(r.Script, Spoken{s.Step, s.At, s.Skipped, Clear(s.Answer)})
	}
	for _, f := range l.Flags {
		r.Flags = append(r.Flags, Flagged(f))
	}
	return r
}

// Field answers a form field, trimmed, or "".
func (r Record) Field(name string) Clear {
	return Clear(strings.TrimSpace(string(r.Form[name])))
}
