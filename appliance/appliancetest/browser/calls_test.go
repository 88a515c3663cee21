package browser_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
)

// patients are the words of made-up patients that scenarios type and send. None
// of them may be found outside a page's own text.
var patients = []string{
	"Quintero", "Raman", "Achterberg", "Sato", "Beck", "Abara", "Holm", "Nowak", "Haddad",
	"Lisinopril", "fever", "statement", "555 01", "555-01", "55501",
}

// ofPatients fails the test when something holds a word of a patient.
func ofPatients(t *testing.T, what, text string) {
	t.Helper()
	for _, word := range patients {
		if strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
			t.Errorf("%s holds %q: %s", what, word, text)
		}
	}
}

// call is a call as somebody at a desk would type it.
type call struct {
	kind message.CallType
	form map[string]message.Clear
}

var (
	quintero = call{message.TypeUrgent, map[string]message.Clear{"caller": "Marisol Quintero", "relation": "parent", "callback": "503 555 0148", "read_back": "yes", "patient": "Lucía Quintero", "born": "9/9/25", "provider": "Dr. Hale",
		"symptoms": "Fever of 104 since midnight, hard to wake, two wet diapers today. “She's breathing fast and I can't get her to look at me.”", "since": "6 hours", "told": "the doctor calls back; 911 if it gets worse"}}
	beck       = call{message.TypeUrgent, map[string]message.Clear{"caller": "Harold Beck", "callback": "503 555 0117", "read_back": "yes", "symptoms": "Swelling after Tuesday's procedure, no fever", "since": "this evening"}}
	raman      = call{message.TypeRefill, map[string]message.Clear{"caller": "Priya Raman", "relation": "patient", "callback": "503 555 0122", "born": "4/12/61", "medication": "Lisinopril", "dose": "10 mg", "pharmacy": "Elm Street Pharmacy", "days_left": "1-2"}}
	achterberg = call{message.TypeBilling, map[string]message.Clear{"caller": "Tom Achterberg", "callback": "503 555 0190", "question": "Charged twice for the September visit. He asks for somebody to call before Friday.", "statement": "Sep 14"}}
	sato       = call{message.TypeNew, map[string]message.Clear{"caller": "Jun Sato", "callback": "503 555 0171", "read_back": "yes", "seen_before": "no", "preferred_times": "mornings", "referred_by": "Dr. Hale", "reason": "New to town, wants a family doctor"}}
	abara      = call{message.TypeChange, map[string]message.Clear{"caller": "Grace Abara", "callback": "503 555 0133", "appointment": "Thursday 10:30", "change": "move", "preferred_times": "next week, afternoons"}}
	holm       = call{message.TypeOther, map[string]message.Clear{"caller": "Ines Holm", "callback": "503 555 0155", "reason": "Records for a new doctor in Salem"}}
)

// take takes a call as the named person would.
func take(t *testing.T, p *appliancetest.Practice, by message.PersonID, c call) intake.Receipt {
	t.Helper()
	receipt, err := p.Intake.Take(t.Context(), intake.Taking{Type: c.kind, Form: c.form, Channel: message.ChannelDesk, TypedBy: by})
	if err != nil {
		t.Fatalf("taking a call: %v", err)
	}
	return receipt
}

// idOf answers who somebody is.
func idOf(t *testing.T, p *appliancetest.Practice, who appliancetest.Login) message.PersonID {
	t.Helper()
	people, err := p.People()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range people {
		if one.Name == who.Name {
			return one.ID
		}
	}
	t.Fatalf("nobody is called %s", who.Name)
	return ""
}

// mail is a mail as the phone system sends it.
func mail(subject, text string) string {
	return fmt.Sprintf("From: Phone system <pbx@office.example>\r\nTo: desk@nightbell.local\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%d@office.example>\r\n\r\n%s\r\n",
		subject, time.Now().Format(time.RFC1123Z), time.Now().UnixNano(), text)
}
