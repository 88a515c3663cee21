package backup

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Format is the version of everything this package writes to a target. A reader
// takes this one and older ones.
const Format = 1

// ManifestName is the signed list of what a target holds.
const ManifestName = "nightbell-backup.json"

// Manifest says what a target holds. It is signed by the practice's machine and
// names nothing of a patient. Whatever it names is ours, and only that is ever
// removed; what it names under Unsettled may be there, half of it or not at all.
type Manifest struct {
	Format     int       `json:"format"`
	Practice   string    `json:"practice"`            // practice id
	Recipient  string    `json:"recipient"`           // age recipient of the practice
	SigningKey []byte    `json:"signing_key"`         // Ed25519, 32 bytes; printed on the recovery kit
	Zone       string    `json:"zone"`                // of the practice: its days are counted in it
	Target     string    `json:"target"`              // id of this folder, made when it was first used
	Life       string    `json:"life"`                // which run of the practice's history wrote it: a restore begins a new one
	Edition    int64     `json:"edition"`             // counts the writings of this file
	Written    time.Time `json:"written"`             // UTC
	Before     string    `json:"before,omitzero"`     // hex SHA-256 of the edition before
	Points     []Point   `json:"points,omitempty"`    // in the order they were taken
	Files      []File    `json:"files,omitempty"`     // everything else that lies here, by path
	Unsettled  []File    `json:"unsettled,omitempty"` // being written or removed when this was written
}

// Point is one moment that a restore can go back to.
type Point struct {
	Name     string    `json:"name"` // 20261124T213005.123Z
	At       time.Time `json:"at"`   // UTC
	Run      int64     `json:"run"`  // counts the points ever taken to this target
	Life     string    `json:"life"`
	Size     int64     `json:"size"`   // of the snapshot file
	SHA256   string    `json:"sha256"` // hex, of the snapshot file
	Seq      uint64    `json:"seq"`    // the store's write sets up to here
	Audit    Log       `json:"audit"`  // the audit log up to here
	Messages int64     `json:"messages"`
	Next     int64     `json:"next"` // the message number that would have come next
	Proof    *Proof    `json:"proof,omitempty"`
}

// Log is how far the audit log went: how many records, and the root of the
// Merkle tree over them. Each point's is the beginning of every later one of the
// same life, so that a forged target is seen.
type Log struct {
	Size int64  `json:"size"`
	Root string `json:"root"`
}

// Proof is a test restore that went well: the point was loaded, counted and
// compared, its audit log checked, and what it names was there.
type Proof struct {
	At      time.Time     `json:"at"` // UTC
	Took    time.Duration `json:"took_ns"`
	Records int64         `json:"records"` // of the audit log
}

// File is one object beside the snapshots: a key slot, a copy of an epoch, a
// blob. Points First to Last (by Run) need it.
type File struct {
	Path   string `json:"path"` // slashes, under the target
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // hex, of the file as it lies here
	First  int64  `json:"first,omitzero"`
	Last   int64  `json:"last,omitzero"`
}

// Path is where the point's snapshot lies under the target.
func (p Point) Path() string { return "snapshots/" + p.Name + ".tar.age" }

// Proven says whether a test restore of the point went well.
func (p Point) Proven() bool { return p.Proof != nil }

// pointLayout makes a point's name of its time. Names sort by time, and no file
// system minds their characters.
const pointLayout = "20060102T150405.000Z"

// encode writes the manifest as it lies on the target. It ends with two lines,
//
//	  "signature": "…"
//	}
//
// and the signature is over all bytes before those, so that it can be checked
// by hand and no canonical form of JSON is needed. Lists stand one entry a line.
func (m Manifest) encode(key ed25519.PrivateKey) ([]byte, error) {
	head := m
	head.Points, head.Files, head.Unsettled = nil, nil, nil
	body, err := json.MarshalIndent(head, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the backup's manifest: %w", err)
	}
	body = append(bytes.TrimSuffix(body, []byte("\n}")), ",\n"...)
	body, err1 := appendList(body, "points", m.Points)
	body, err2 := appendList(body, "files", m.Files)
	body, err3 := appendList(body, "unsettled", m.Unsettled)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, fmt.Errorf("writing the backup's manifest: %w", err)
	}
	signature := base64.StdEncoding.EncodeToString(ed25519.Sign(key, body))
	return append(body, "  \"signature\": \""+signature+"\"\n}\n"...), nil
}

// appendList appends a list with one entry a line: a target may hold many blobs.
func appendList[E any](body []byte, name string, list []E) ([]byte, error) {
	body = append(body, "  \""+name+"\": ["...)
	for i, e := range list {
		line, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			body = append(body, ',')
		}
		body = append(append(body, "\n    "...), line...)
	}
	if len(list) > 0 {
		body = append(body, "\n  "...)
	}
	return append(body, "],\n"...), nil
}

var signatureLine = regexp.MustCompile(`(?s)\A(.*\n)  "signature": "([A-Za-z0-9+/=]{88})"\n\}\n\z`)

// decodeManifest reads what encode wrote and checks the signature against the
// key that the manifest itself names: whether that key is the practice's is for
// the caller to say. The error is a *BadObject.
func decodeManifest(raw []byte) (Manifest, error) {
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(raw, &version); err != nil {
		return Manifest{}, badBy(err, ManifestName, "is cut short or damaged")
	}
	if version.Format > Format {
		return Manifest{}, bad(ManifestName, "has format %d, this program knows up to %d: use a newer nightbell", version.Format, Format)
	}
	match := signatureLine.FindSubmatch(raw)
	if match == nil || version.Format < 1 {
		return Manifest{}, bad(ManifestName, "is not a signed manifest of a Nightbell backup")
	}
	var m Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return Manifest{}, badBy(err, ManifestName, "is damaged")
	}
	signature, err := base64.StdEncoding.DecodeString(string(match[2]))
	if err != nil || len(m.SigningKey) != ed25519.PublicKeySize || !ed25519.Verify(m.SigningKey, match[1], signature) {
		return Manifest{}, bad(ManifestName, "its signature does not match: it was changed after it was written")
	}
	return m, m.check()
}

// check refuses what no manifest of ours holds, even a signed one: a path that
// leaves the target above all.
func (m Manifest) check() error {
	if m.Practice == "" || m.Recipient == "" || m.Target == "" {
		return bad(ManifestName, "does not say whose backup it is")
	}
	for _, p := range m.Points {
		if _, err := time.Parse(pointLayout, p.Name); err != nil {
			return bad(ManifestName, "names a point that is not a time")
		}
	}
	for _, list := range [][]File{m.Files, m.Unsettled} {
		for _, f := range list {
			if !ours.MatchString(f.Path) {
				return bad(ManifestName, "names a file that no backup of ours holds")
			}
		}
	}
	return nil
}

// ours are the paths that a manifest may name.
var ours = regexp.MustCompile(`\A(keys/recovery\.age` +
	`|epochs/[A-Za-z0-9][A-Za-z0-9.-]{0,100}\.age` +
	`|snapshots/[0-9]{8}T[0-9]{6}\.[0-9]{3}Z\.tar\.age` +
	`|blobs/[0-9a-f]{2}/[0-9a-f-]{36}\.age)\z`)

// file answers the settled file at a path.
func (m Manifest) file(name string) (File, bool) {
	for _, f := range m.Files {
		if f.Path == name {
			return f, true
		}
	}
	return File{}, false
}

// pointAt answers the last point taken at or before a time; a zero time means
// the newest.
func (m Manifest) pointAt(at time.Time) (Point, error) {
	for i := len(m.Points) - 1; i >= 0; i-- {
		if at.IsZero() || !m.Points[i].At.After(at) {
			return m.Points[i], nil
		}
	}
	if len(m.Points) == 0 {
		return Point{}, bad(ManifestName, "holds no point yet: no backup was finished here")
	}
	oldest := m.Points[0].At
	for _, p := range m.Points {
		if p.At.Before(oldest) {
			oldest = p.At
		}
	}
	return Point{}, bad(ManifestName, "holds no point that old; the oldest is of %s", oldest.Format(time.RFC3339))
}

// needs answers the settled files that a point needs.
func (m Manifest) needs(p Point) []File {
	var list []File
	for _, f := range m.Files {
		if f.Path == recoveryPath || (f.First <= p.Run && p.Run <= f.Last) {
			list = append(list, f)
		}
	}
	return list
}

// recoveryPath is the one slot that lies open on a target.
const recoveryPath = "keys/recovery.age"

var errNoBackup = errors.New("there is no Nightbell backup in this folder")

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
