package notify

import "fmt"

// What the gateways for texts and calls say to people, in English. No sentence
// repeats what a gateway said: it may quote a number.

const (
	whyNoPreset = "No gateway for texts and calls is set. Set gateway.preset."
	whyNoFrom   = "The gateway has no number to send from. Set gateway.from."
	whyNoSecret = "The gateway has no token or key. Set gateway.secret-file."
	whyNoFlow   = "Calls need Twilio's Studio flow. Set gateway.flow; docs/gateways.md says how it is made."
	whyNoCaller = "Calls need one number to come from. Set gateway.from to a number with + and its country."
	whyNoCalls  = "This gateway makes no calls that a key can answer without a port open to it. Use Twilio or ClickSend for calls."

	whyBadNumber    = "The gateway says that nobody can be reached at this number. Check the number of this person."
	whyStopped      = "This phone has refused texts (STOP). Its owner sends START to the practice's number."
	whyTrial        = "The account at the gateway is a trial and reaches only numbers that were verified there. Upgrade it."
	whyBadFrom      = "The gateway does not let this account send from gateway.from. Check the number there."
	whyCountry      = "The account at the gateway may not send to this country. Allow it there."
	whyNoCredit     = "The account at the gateway has no credit left. Pay it up."
	whyGatewayBusy  = "The gateway could not take it now. It is tried again."
	whyGatewayState = "The gateway refused it for a reason of its own. Look at its log there."
	whyOddAnswer    = "The gateway answered in a way that is not known here. It is tried again."
	whyUndelivered  = "The gateway took the text and could not bring it to the phone."
	whyFiltered     = "The phone network filtered the text out. Register the number for texts (10DLC or toll-free) at the gateway."
	whyNoPickup     = "Nobody picked up the phone."
)

func whyNoAccount(what string) string {
	return "The gateway has no account. Set gateway.account to " + what + "."
}

func whyGatewayCode(code string) string {
	if len(code) > 3 {
		code = "?"
	}
	return fmt.Sprintf("The gateway refused it (code %s). Look at its log there.", code)
}

// textWords are the built-in words of a text: they fit into one, with what is
// added to them.
func textWords(reason Reason) string {
	const what = "{urgency} {type} {number}"
	switch reason {
	case HandedOff:
		return what + " was handed off and is not taken. Since {since}. {others}"
	case Overdue:
		return what + " is overdue: taken, not called back. Since {since}. {others}"
	case Test:
		return "Nightbell test: nothing is waiting."
	}
	return what + " waits. Since {since}. {others}"
}

// textHow says how a text is answered. People type little.
func textHow(said Said, replies bool) string {
	code, number := said.Token.Code(), said.Token.Number()
	switch {
	case replies && number == 0: // a test
		return fmt.Sprintf(" Reply 1 %s.", code)
	case replies:
		return fmt.Sprintf(" Reply 1 %s to take %s, 2 %s if you cannot.", code, number, code)
	}
	return " Take it: " + said.Link
}

// callHow says how a call is answered.
func callHow(replies bool) string {
	if replies {
		return " Press 1 to take it. Press 2 if you cannot. Press 3 if you call back within ten minutes."
	}
	return " Ring the desk to take it."
}

// twice has a call say everything again: whoever was asleep heard half of it.
func twice(text string) string { return text + " Once more. " + text }
