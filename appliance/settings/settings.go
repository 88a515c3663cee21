// Package settings keeps what the office can change: plain values under fixed
// names, checked before they are kept. It knows what a value may look like, not
// what it is for; secrets never come here (the vault keeps them), and neither
// does anything of a patient.
//
// The command line (`nightbell config`) and the settings page are its doors;
// rooms read it inside their own transactions, so that a change and what
// follows from it are seen together.
package settings

import (
	"fmt"
	"sort"

	"nightbell/appliance/store"
)

// Key names a setting. The names are a contract: scripts use them.
type Key string

const (
	PracticeName     Key = "practice.name"     // fixed by init
	PracticeTimezone Key = "practice.timezone" // IANA name; fixed by init
	PracticeHost     Key = "practice.host"     // certificates hang on it; fixed by init
	PracticeID       Key = "practice.id"       // made by init; backups carry it

	MailSmarthost    Key = "mail.smarthost"     // smtps://HOST:PORT or smtp+starttls://HOST:PORT
	MailCA           Key = "mail.ca"            // PEM file of the smarthost's own CA; empty: the system's
	MailUser         Key = "mail.user"          // with mail.password-file, or neither
	MailPasswordFile Key = "mail.password-file" // read once, its content kept by the vault
	MailFrom         Key = "mail.from"          // address that mail comes from
	BellStep         Key = "bell.step"          // how long one person is rung before the next
	BackupFolder     Key = "backup.folder"      // absolute path of the backup target
	WatchHeartbeat   Key = "watch.heartbeat"    // https address that is called each minute while the bell goes round

	ChannelsCA     Key = "channels.ca"      // PEM file of an own CA for the channels below; empty: the system's
	NtfyServer     Key = "ntfy.server"      // https://HOST of the practice's own ntfy
	NtfyReplies    Key = "ntfy.replies"     // topic there that answers are published to
	NtfyTokenFile  Key = "ntfy.token-file"  // read once, its content kept by the vault
	WebhookURL     Key = "webhook.url"      // https address that takes signed notices
	WebhookKeyFile Key = "webhook.key-file" // read once, its content kept by the vault
	RepliesServer  Key = "replies.server"   // imaps://HOST:PORT of the mailbox that replies to notices come to
	RepliesUser    Key = "replies.user"     // with replies.password-file
	RepliesFolder  Key = "replies.folder"   // mailbox that is watched
	RepliesFile    Key = "replies.password-file"

	GatewayPreset     Key = "gateway.preset"      // whose API texts and calls go out by: twilio, vonage, telnyx or clicksend
	GatewayAccount    Key = "gateway.account"     // the practice's account there
	GatewayUser       Key = "gateway.user"        // who signs in, where it is not the account itself
	GatewayFrom       Key = "gateway.from"        // the number that texts and calls come from
	GatewayFlow       Key = "gateway.flow"        // Twilio's Studio flow for calls that are answered by a key
	GatewayURL        Key = "gateway.url"         // https address in place of the provider's usual one
	GatewayRegion     Key = "gateway.region"      // country of phone numbers that are written without one
	GatewaySecretFile Key = "gateway.secret-file" // read once, its content kept by the vault
)

const bucket = "settings"

// Get answers a setting as it was kept, or its default.
func Get(tx *store.Tx, key Key) string {
	if v := tx.Get(bucket, string(key)); v != nil {
		return string(v)
	}
	return rules[key].fallback
}

// Set checks a value and keeps it; an empty one goes back to the default. The
// error is a *Refused, in words for the person who typed the value.
func Set(tx *store.Tx, key Key, value string) error {
	rule, ok := rules[key]
	if !ok {
		return &Refused{Key: key, Why: "there is no such setting; `nightbell config list` shows them all"}
	}
	if rule.fixed && tx.Get(bucket, string(key)) != nil {
		return &Refused{Key: key, Why: "this is fixed when the practice is set up and cannot be changed"}
	}
	if value == "" {
		return tx.Delete(bucket, string(key))
	}
	if err := rule.check(value); err != nil {
		return &Refused{Key: key, Why: err.Error()}
	}
	return tx.Put(bucket, string(key), []byte(value))
}

// Changed says whether a commit changed a setting.
func Changed(w store.WriteSet) bool { return w.Touches(bucket) }

// Value is one setting as a list shows it.
type Value struct {
	Key   Key    `json:"key"`
	Value string `json:"value"`
	Help  string `json:"help"`
	Fixed bool   `json:"fixed"`
}

// All answers every setting with what it is for, in the order of their names.
func All(tx *store.Tx) []Value {
	list := make([]Value, 0, len(rules))
	for key, rule := range rules {
		list = append(list, Value{Key: key, Value: Get(tx, key), Help: rule.help, Fixed: rule.fixed})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Key < list[j].Key })
	return list
}

// Refused says why a value was not kept, and what would be.
type Refused struct {
	Key Key
	Why string
}

func (e *Refused) Error() string { return fmt.Sprintf("%s: %s", e.Key, e.Why) }
