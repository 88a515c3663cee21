package settings

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the practice's zone is known on servers that have no zone files, as Windows
)

// rule is what a setting is for and which values it may have.
type rule struct {
	help     string
	fallback string
	fixed    bool
	check    func(string) error
}

// rules are all the settings there are.
var rules = map[Key]rule{
	PracticeName:     {help: "name of the practice", fixed: true, check: oneLine(120)},
	PracticeTimezone: {help: "time zone of the practice, such as America/New_York", fixed: true, check: timezone},
	PracticeHost:     {help: "name of this server on the office network", fixed: true, check: hostName},
	PracticeID:       {help: "id of the practice, in its backups", fixed: true, check: oneLine(64)},

	MailSmarthost:    {help: "mail server that takes our mail: smtps://HOST:PORT or smtp+starttls://HOST:PORT", check: smarthost},
	MailCA:           {help: "PEM file of the mail server's own certificate authority, where it has one", check: absolute},
	MailUser:         {help: "user name at the mail server, with mail.password-file", check: oneLine(254)},
	MailPasswordFile: {help: "file with the password at the mail server; read once and kept with the machine's secrets", check: absolute},
	MailFrom:         {help: "address that mail comes from", check: address},
	BellStep:         {help: "how long one person is rung before the next", fallback: "5m", check: step},
	BackupFolder:     {help: "folder on another disk that backups are kept in", check: absolute},
	WatchHeartbeat:   {help: "address of a watchdog outside, called each minute while calls are taken and the bell goes round", check: httpsAddress},

	ChannelsCA:     {help: "PEM file of an own certificate authority for ntfy, webhook, gateways and the mailbox of replies", check: absolute},
	NtfyServer:     {help: "your own ntfy server, such as https://ntfy.example.com", check: httpsAddress},
	NtfyReplies:    {help: "topic on the ntfy server that answers to notices are published to", check: topic},
	NtfyTokenFile:  {help: "file with the access token at the ntfy server; read once and kept with the machine's secrets", check: absolute},
	WebhookURL:     {help: "address of the paging system that takes signed notices, such as https://paging.example.com/nightbell", check: httpsAddress},
	WebhookKeyFile: {help: "file with the key that notices to the webhook are signed with; read once and kept with the machine's secrets", check: absolute},
	RepliesServer:  {help: "mailbox that replies to notices come to: imaps://HOST:PORT", check: imaps},
	RepliesUser:    {help: "user name at the mailbox of replies, with replies.password-file", check: oneLine(254)},
	RepliesFolder:  {help: "folder of the mailbox that is watched for replies", fallback: "INBOX", check: oneLine(254)},
	RepliesFile:    {help: "file with the password at the mailbox of replies; read once and kept with the machine's secrets", check: absolute},

	GatewayPreset:     {help: "whose account texts and calls go out by: twilio, vonage, telnyx or clicksend", check: oneOf(GatewayPresets()...)},
	GatewayAccount:    {help: "account at the gateway: Twilio's Account SID, Vonage's API key, ClickSend's user name, Telnyx's messaging profile", check: gatewayName},
	GatewayUser:       {help: "Twilio API key (SK…) that signs in, where gateway.secret-file holds its secret instead of the account's token", check: gatewayName},
	GatewayFrom:       {help: "number that texts and calls come from, such as +12125550100", check: gatewayFrom},
	GatewayFlow:       {help: "Twilio Studio flow (FW…) for calls that are answered by a key; docs/gateways.md has it", check: gatewayName},
	GatewayURL:        {help: "address of the gateway, where it is not the provider's usual one: https://HOST", check: httpsAddress},
	GatewayRegion:     {help: "country of phone numbers that are written without one, in two letters", fallback: "US", check: region},
	GatewaySecretFile: {help: "file with the token or key of the account at the gateway; read once and kept with the machine's secrets", check: absolute},
}

// Shortest and longest time for one person to answer: below a few seconds
// no phone has begun to ring, above an hour an urgent call is not urgent.
const (
	minStep = 5 * time.Second
	maxStep = time.Hour
)

func oneLine(limit int) func(string) error {
	return func(v string) error {
		if len(v) > limit || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return fmt.Errorf("give one line of at most %d characters", limit)
		}
		return nil
	}
}

func timezone(v string) error {
	if _, err := time.LoadLocation(v); err != nil || v == "Local" {
		return errors.New("give a time zone by its name, such as America/New_York")
	}
	return nil
}

func hostName(v string) error {
	if len(v) > 253 {
		return errors.New("a host name has at most 253 characters") // RFC 1035 2.3.4
	}
	for _, label := range strings.Split(v, ".") {
		if len(label) == 0 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return errors.New("give a host name of small letters, digits, hyphens and dots, such as nightbell.local")
		}
	}
	return nil
}

func smarthost(v string) error {
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "smtps" && u.Scheme != "smtp+starttls") || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("give smtps://HOST:PORT or smtp+starttls://HOST:PORT; mail never leaves without TLS")
	}
	if !hostPort(u.Host) {
		return errors.New("give the mail server with its port, such as smtps://mail.example.com:465")
	}
	return nil
}

func httpsAddress(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("give an address that begins with https://, without a password in it; nothing leaves without TLS")
	}
	return nil
}

func topic(v string) error {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	if len(v) > 64 || strings.Trim(v, letters) != "" { // as ntfy takes them
		return errors.New("give a topic of at most 64 letters, digits, hyphens and underscores")
	}
	return nil
}

func imaps(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "imaps" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || !hostPort(u.Host) {
		return errors.New("give the mailbox's server as imaps://HOST:PORT, such as imaps://mail.example.com:993")
	}
	return nil
}

func hostPort(v string) bool {
	host, port, err := net.SplitHostPort(v)
	n, perr := strconv.Atoi(port)
	return err == nil && host != "" && perr == nil && n > 0 && n <= 65535
}

func address(v string) error {
	a, err := mail.ParseAddress(v)
	if err != nil || a.Address != v {
		return errors.New("give one e-mail address, such as nightbell@example.com")
	}
	return nil
}

func step(v string) error {
	d, err := time.ParseDuration(v)
	if err != nil || d < minStep || d > maxStep {
		return fmt.Errorf("give a time between %s and %s, such as 5m", minStep, maxStep)
	}
	return nil
}

func absolute(v string) error {
	if !filepath.IsAbs(v) || filepath.Clean(v) != v {
		return errors.New("give the full path, from the root")
	}
	return nil
}
