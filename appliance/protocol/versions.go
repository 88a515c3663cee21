package protocol

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// Version is one edition of the practice's protocol as it was published. It never
// changes, and is never deleted: messages name it.
type Version struct {
	Number int       `json:"number"`
	At     time.Time `json:"at"` // UTC: when it was published
	By     string    `json:"by"` // person id, or "setup"
	Note   string    `json:"note,omitempty"`
	Sum    string    `json:"sha256"` // of its file
}

// Buckets: versions by number, and their files beside them.
const (
	versionBucket = "protocol-versions"
	fileBucket    = "protocol-files"
)

var versions = store.NewTable[Version](versionBucket)

// ErrNoVersion says that there is no such version.
var ErrNoVersion = errors.New("the protocol has no such version")

func versionKey(n int) string { return fmt.Sprintf("%06d", n) }

// Versions answers what was published, the newest first.
func Versions(tx *store.Tx) ([]Version, error) {
	var list []Version
	err := versions.Each(tx, "", func(_ string, v Version) error {
		list = append(list, v)
		return nil
	})
	slices.Reverse(list)
	if err != nil {
		return list, fmt.Errorf("reading the protocol's versions: %w", err)
	}
	return list, nil
}

// Newest answers the version that counts; false where the practice has published
// none, and what is shipped counts.
func Newest(tx *store.Tx) (Version, bool, error) {
	var newest string
	tx.Descend(versionBucket, "", func(key string, _ []byte) bool {
		newest = key
		return false
	})
	if newest == "" {
		return Version{}, false, nil
	}
	v, found, err := versions.Get(tx, newest)
	if err != nil {
		return Version{}, false, fmt.Errorf("reading the protocol's newest version: %w", err)
	}
	return v, found, nil
}

// Begin publishes the first version of a practice that is being set up.
func Begin(tx *store.Tx, by string, p Protocol, at time.Time) error {
	return publish(tx, Version{Number: builtInVersion, At: at.UTC(), By: by}, p)
}

func publish(tx *store.Tx, v Version, p Protocol) error {
	file, err := Encode(p)
	if err != nil {
		return err
	}
	if _, _, err := Decode(file); err != nil {
		return fmt.Errorf("publishing version %d: %w", v.Number, err)
	}
	v.Sum = sumOf(file)
	if err := tx.Put(fileBucket, versionKey(v.Number), file); err != nil {
		return fmt.Errorf("keeping version %d of the protocol: %w", v.Number, err)
	}
	if err := versions.Put(tx, versionKey(v.Number), v); err != nil {
		return fmt.Errorf("keeping version %d of the protocol: %w", v.Number, err)
	}
	_, err = audit.Append(tx, audit.Leaf{At: v.At, Who: v.By, What: audit.ProtocolPublished, About: []string{versionKey(v.Number)}, Data: map[string]string{"sha256": v.Sum}})
	return err
}

// sumOf is a file's SHA-256, as the version and the audit log have it.
func sumOf(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}

// People are the persons that the protocol names.
func (p Protocol) People() (list []message.PersonID) {
	for _, r := range p.Routes {
		if who := r.To.Person; who != "" && !slices.Contains(list, who) {
			list = append(list, who)
		}
	}
	return list
}
