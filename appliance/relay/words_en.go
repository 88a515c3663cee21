package relay

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"strings"

	"nightbell/appliance/finding"
)

// Everything that the queue says to people, in English. Another language is
// another file like this one. No sentence repeats what a server said: it may
// quote an address.

// ErrNotQueued says that the queue has no such mail (any more).
var ErrNotQueued = errors.New("it is not in the queue")

const (
	whyNoSmarthost = "No smarthost is set. Set mail.smarthost to the mail server that takes our mail."
	whyBadHost     = "The setting mail.smarthost cannot be read. Set it again."
	whyNoFrom      = "No sender is set. Set mail.from to the address that our mail comes from."
	whyOtherHost   = "The mail server was changed, and the password was given for another. Give the password of the new one."
	whyHalfSignIn  = "Half of the sign-in is missing. Set both mail.user and mail.password-file, or neither."
	whyNoSecrets   = "The password for the smarthost cannot be read from this machine's secrets."
	whyLocked      = "The appliance is locked, and the address of this mail is sealed. It goes when somebody who reads signs in."
	whyForged      = "The sealed address of this mail cannot be opened. It was not sent."
	whyNoAddress   = "The sealed address of this mail cannot be read from the disk now. It is tried again."
	whyMessageGone = "The message was deleted, and its letter with it."
	whyNoContent   = "The sealed content of this mail cannot be read from the disk. It was not sent."
	whyStore       = "The store could not be read."
	whyUnreadable  = "This mail cannot be read from the store. It was not sent; drop it, and send it again."
	whyUnknown     = "It is not known whether the last mail went."
)

func whyCA(problem string) string {
	return "The CA file of mail.ca " + problem + ". Set mail.ca to a PEM file with the CA's certificate."
}

// whyDial says why there was no connection.
func whyDial(at string, err error) string {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("There is no mail server by the name in %s. Check mail.smarthost.", at)
	case errors.As(err, &dns):
		return fmt.Sprintf("The name in %s could not be looked up. Check the network.", at)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("%s does not answer.", at)
	}
	return fmt.Sprintf("%s cannot be reached. Check the network and mail.smarthost.", at)
}

// whyTLS says why a connection is not safe.
func whyTLS(at string, err error) string {
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var timeout net.Error
	const never = " Nothing was sent."
	switch {
	case errors.As(err, &name):
		return fmt.Sprintf("The certificate of %s is for another name.", at) + never
	case errors.As(err, &authority):
		return fmt.Sprintf("The certificate of %s comes from a CA that is not trusted here. If it is your own, set mail.ca.", at) + never
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("The certificate of %s has expired or is not valid yet.", at) + never
	case errors.As(err, &invalid):
		return fmt.Sprintf("The certificate of %s is not valid.", at) + never
	case errors.As(err, &record):
		return fmt.Sprintf("%s does not speak TLS from the start. If it offers STARTTLS, set mail.smarthost to smtp+starttls://…", at) + never
	case strings.Contains(err.Error(), "protocol version"):
		return fmt.Sprintf("%s speaks no TLS of version 1.2 or newer.", at) + never
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("%s does not answer.", at)
	}
	return fmt.Sprintf("No safe connection to %s could be made.", at) + never
}

func whyNoTLS(at string) string {
	return fmt.Sprintf("%s offers no TLS (STARTTLS). Mail never leaves without it; nothing was sent.", at)
}

func whyNoAuth(at string) string {
	return fmt.Sprintf("%s offers no sign-in by AUTH PLAIN. Remove mail.user and mail.password-file if it needs none.", at)
}

func whyAuth(at string, err error) string {
	return fmt.Sprintf("%s refused the sign-in%s. Check mail.user and mail.password-file.", at, code(err))
}

func whyNeedsAuth(at string, err error) string {
	return fmt.Sprintf("%s wants a sign-in%s. Set mail.user and mail.password-file.", at, code(err))
}

func whyGone(at string) string {
	return fmt.Sprintf("%s went away in the middle.", at)
}

func whyLater(at string, err error) string {
	return fmt.Sprintf("%s said to try again later%s.", at, code(err))
}

func whySender(at string, err error) string {
	return fmt.Sprintf("%s does not accept the sender%s. Check mail.from.", at, code(err))
}

func whyRefused(at string, err error) string {
	reason := ""
	switch e := enhanced(err); {
	case strings.HasPrefix(e, "5.1.1"), strings.HasPrefix(e, "5.1.2"), strings.HasPrefix(e, "5.1.3"), strings.HasPrefix(e, "5.1.10"):
		reason = ": it does not know the address"
	case strings.HasPrefix(e, "5.2"):
		reason = ": the mailbox cannot take it"
	case strings.HasPrefix(e, "5.3.4"):
		reason = ": it is too large"
	case strings.HasPrefix(e, "5.7"):
		reason = ": its rules do not allow it"
	}
	return fmt.Sprintf("%s refused it for good%s%s.", at, code(err), reason)
}

// enhancedCode is RFC 3463's code at the start of an answer.
var enhancedCode = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

func enhanced(err error) string {
	var answer *textproto.Error
	if !errors.As(err, &answer) {
		return ""
	}
	return enhancedCode.FindString(answer.Msg)
}

// code is the numbers of an answer, in brackets: they hold no PHI.
func code(err error) string {
	var answer *textproto.Error
	if !errors.As(err, &answer) {
		return ""
	}
	return strings.TrimRight(fmt.Sprintf(" (%d %s", answer.Code, enhanced(err)), " ") + ")"
}

// testedWell is what a test that went well says.
func testedWell(at, to string, version uint16) string {
	return fmt.Sprintf("A test mail to %s was taken by %s over %s. See whether it arrives.", to, at, tls.VersionName(version))
}

const (
	testSubject = "Nightbell test mail"
	testText    = "This is a test mail from the settings page of Nightbell.\nIf you can read it, urgent calls can reach you by mail.\n"

	secureSubject = "A sealed message, "
)

// secureText is the note beside a sealed message: how to open it.
func secureText(file string) string {
	return "The message is sealed in the attached file. Save it and open it with your age key:\nage -d -i YOUR-KEY-FILE " + file + "\n"
}

const (
	noKeyWhy  = "no age key is on file for this person, so nothing was sent"
	noKeyDo   = "ask for their age recipient (it begins with age1), add it on the People page, and send again"
	badKeyWhy = "the age key on file for this person cannot be read, so nothing was sent"
	badKeyDo  = "correct their age recipient on the People page, and send again"
	noMailWhy = "no mail address is on file for this person, so nothing was sent"
	noMailDo  = "add their address on the People page, and send again"
	offWhy    = "this person's account is switched off, so nothing was sent"
	offDo     = "choose somebody else, or switch the account on again"
)

// wayOutFails says that the last try to send a mail failed on its way.
func wayOutFails(why string) finding.Finding {
	return finding.Finding{ID: "mail.way", Severity: finding.Warning, Text: "The last mail did not go out. " + why,
		Do: "Mend what it names, then send a test mail from the settings page."}
}

// mailRefused says that mails will not go by themselves any more.
func mailRefused(n int) finding.Finding {
	return finding.Finding{ID: "mail.refused", Severity: finding.Warning, Text: count(n, "mail was", "mails were") + " refused for good.",
		Do: "Open the queue: it says why, and lets you send again or drop."}
}

// mailWaits says that mails have waited for a while.
func mailWaits(n int, why string) finding.Finding {
	text := count(n, "mail has", "mails have") + " waited for more than a quarter of an hour."
	if why != "" {
		text += " " + why
	}
	return finding.Finding{ID: "mail.waiting", Severity: finding.Warning, Text: text,
		Do: "Mend what the queue names; it then goes by itself."}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
