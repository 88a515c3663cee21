package oncall

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// FeedToken is one private address that a calendar program reads who is on call
// from. The token itself is shown once, to whoever made it, and kept nowhere.
type FeedToken struct {
	ID     string           `json:"id"`
	Hash   string           `json:"hash"`            // SHA-256 of the token: 128 random bits and more need no salt
	Owner  message.PersonID `json:"owner,omitempty"` // whose calendar; the address ends with their account
	Whole  bool             `json:"whole,omitempty"` // everybody's shifts, not the owner's alone
	MadeAt time.Time        `json:"made_at"`         // UTC
}

var feeds = store.NewTable[FeedToken]("oncall-feeds") // by id

// ErrNoFeed says that a token is of no feed, or of none any more.
var ErrNoFeed = errors.New("there is no such feed")

// maxFeeds bounds what one person may hold, and with it what a check costs.
const maxFeeds = 10

// NewFeed keeps an address. The token is 128 random bits at least, made by the caller.
func NewFeed(tx *store.Tx, by, id, token string, owner message.PersonID, whole bool, at time.Time) error {
	if id == "" || len(token) < 26 || owner == "" {
		return errors.New("a feed needs an id, a token and an owner")
	}
	have, err := Feeds(tx, owner)
	if err != nil {
		return err
	}
	if len(have) >= maxFeeds {
		return refuse("that are %d calendar addresses already; revoke one first", maxFeeds)
	}
	f := FeedToken{ID: id, Hash: hashOf(token), Owner: owner, Whole: whole, MadeAt: at.UTC()}
	if err := feeds.Put(tx, id, f); err != nil {
		return fmt.Errorf("keeping a feed: %w", err)
	}
	return traceID(tx, audit.FeedMade, by, id, []message.PersonID{owner}, at)
}

// Feeds are a person's addresses.
func Feeds(tx *store.Tx, owner message.PersonID) (list []FeedToken, err error) {
	err = feeds.Each(tx, "", func(_ string, f FeedToken) error {
		if f.Owner == owner {
			list = append(list, f)
		}
		return nil
	})
	return list, err
}

// RevokeFeed ends an address of a person; one that is not there is no error.
func RevokeFeed(tx *store.Tx, by, id string, owner message.PersonID, at time.Time) error {
	f, known, err := feeds.Get(tx, id)
	if err != nil || !known || f.Owner != owner {
		return err
	}
	if err := feeds.Delete(tx, id); err != nil {
		return fmt.Errorf("revoking a feed: %w", err)
	}
	return traceID(tx, audit.FeedRevoked, by, id, []message.PersonID{owner}, at)
}

// CheckFeed answers whose feed a token is of. It compares it with all of them,
// each in constant time; ErrNoFeed says that it is of none.
func CheckFeed(tx *store.Tx, token string) (found FeedToken, err error) {
	given := []byte(hashOf(token))
	known := false
	err = feeds.Each(tx, "", func(_ string, f FeedToken) error {
		if subtle.ConstantTimeCompare([]byte(f.Hash), given) == 1 {
			found, known = f, true
		}
		return nil
	})
	if err == nil && !known {
		err = ErrNoFeed
	}
	return found, err
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
