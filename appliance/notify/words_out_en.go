package notify

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"

	"nightbell/appliance/finding"
	"nightbell/appliance/message"
	"nightbell/appliance/settings"
)

// What the outbox says to people, in English. No sentence repeats what the other
// side said: it may quote an address.

// ErrNotQueued says that the outbox has no such page (any more).
var ErrNotQueued = errors.New("it is not on its way out any more")

const (
	whyRedirect   = "It answered with another address. Set the address that it moved to."
	whyThrottled  = "It said that too much was sent (429). It is tried again."
	whyPlain      = "Its address does not begin with https://. Nothing was sent."
	whyBroken     = "This channel failed inside Nightbell. Look at the log of the service."
	whyNoGateway  = "No gateway for this channel is set up."
	whyAddress    = "What is on file for this person is not an address of this channel."
	whyNotTaken   = "An answer could not be looked at. It is heard again."
	whyUnreadable = "This page cannot be read from the store. It was not sent; drop it."
	whyUnknown    = "It is not known whether the last page went."
)

func whyCA(problem string) string {
	return "The CA file of channels.ca " + problem + ". Set channels.ca to a PEM file with the CA's certificate."
}

func whySignIn(status int) string {
	return fmt.Sprintf("It refused the sign-in (%d). Check the user, key or token of this channel.", status)
}

func whyLater(status int) string { return fmt.Sprintf("It could not take it now (%d).", status) }

func whyRefused(status int) string {
	return fmt.Sprintf("It refused it for good (%d). Check the address of this person.", status)
}

// whyNoAnswer says why there was no answer from a host.
func whyNoAnswer(host string, err error) string {
	var dns *net.DNSError
	var timeout net.Error
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	const never = " Nothing was sent."
	switch {
	case errors.As(err, &dns):
		return fmt.Sprintf("The name in %s could not be looked up. Check it, and the network.", host)
	case errors.As(err, &name):
		return fmt.Sprintf("The certificate of %s is for another name.", host) + never
	case errors.As(err, &authority):
		return fmt.Sprintf("The certificate of %s comes from a CA that is not trusted here. If it is your own, set channels.ca.", host) + never
	case errors.As(err, &invalid):
		return fmt.Sprintf("The certificate of %s has expired or is not valid.", host) + never
	case errors.As(err, &record):
		return fmt.Sprintf("%s does not speak TLS.", host) + never
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("%s does not answer.", host)
	}
	return fmt.Sprintf("%s cannot be reached, or went away in the middle.", host)
}

func channelFails(k Kind, why string) finding.Finding {
	return finding.Finding{ID: "channel.fails/" + string(k), Severity: finding.Warning,
		Text: "The last notice by " + k.known() + " did not go out. " + why, Do: "Mend what it names, then send a test."}
}

func pagesRefused(n int) finding.Finding {
	return finding.Finding{ID: "channel.refused", Severity: finding.Warning,
		Text: count(n, "notice was", "notices were") + " refused for good.", Do: "Open the queue: it says why."}
}

func pagesWait(n int) finding.Finding {
	return finding.Finding{ID: "channel.waiting", Severity: finding.Warning,
		Text: count(n, "notice has", "notices have") + " waited for more than five minutes.",
		Do:   "Open the queue: it says why. What it names once mended, they go by themselves."}
}

func neverAnswered() finding.Finding {
	return finding.Finding{ID: NeverAnswered, Severity: finding.Warning,
		Text: "Not ready for urgent calls: nobody has answered a notice outside the building yet.",
		Do:   "Send somebody on call a test notice, and have them answer it."}
}

// OnlyOneKind says that somebody on call is rung by one kind of channel alone.
func OnlyOneKind(id message.PersonID, name string, kind Kind) finding.Finding {
	severity := finding.Note
	if kind == KindNtfy { // a phone may keep a push for as long as it likes
		severity = finding.Warning
	}
	return finding.Finding{ID: "channel.one-kind/" + string(id), Severity: severity,
		Text: name + " is rung by " + kind.known() + " alone: when it fails, nothing else reaches them.",
		Do:   "Give them a second way of another kind, such as a text message beside a push."}
}

func answersUnheard(k Kind, why string) finding.Finding {
	return finding.Finding{ID: "answers.unheard/" + string(k), Severity: finding.Warning,
		Text: "Answers by " + k.known() + " are not heard. " + why, Do: "Mend what it names. Until then people take calls at a desk or by the link."}
}

func answersRefused(k Kind, n int, why RefusedFor) finding.Finding {
	return finding.Finding{ID: "answers.refused/" + string(k), Severity: finding.Warning,
		Text: count(n, "answer", "answers") + " by " + k.known() + " in a row counted for nothing: " + refusedWords[why] + ".",
		Do:   "Ask the people on call to try a test notice, and look whether somebody else writes there."}
}

// refusedWords say why an answer counts for nothing.
var refusedWords = map[RefusedFor]string{
	RefusedNoWord: "the first line was not TAKE, NO or 10", RefusedNoToken: "the answer code was missing",
	RefusedToken: "no call that rings has their code", RefusedAutomatic: "a machine wrote them",
	RefusedSender: "they came from an address that is not on file", RefusedGuesses: "too many wrong codes came from that number, so for 15 minutes none is taken", RefusedOver: "somebody had taken the call already",
	RefusedTooLarge: "they were too large", RefusedUnread: "they could not be read",
}

const (
	whyFolder        = "The mailbox of replies has no such folder. Check replies.folder."
	whyMailboxSignIn = "The mailbox of replies refused the sign-in. Check replies.user and replies.password-file."
)

func whyMailbox(line Line, err error) string {
	return whyNoAnswer(strings.TrimPrefix(line.Setting(settings.RepliesServer), "imaps://"), err)
}

func wordsGuarded(kind Kind, why string) finding.Finding {
	return finding.Finding{ID: "channel.words/" + string(kind), Severity: finding.Warning,
		Text: "The practice's own words for " + kind.known() + " are not used, because they hold " + why + ". The short built-in text goes out instead.",
		Do:   "Change the words: notices hold no names, dates or numbers but those of the placeholders."}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
