package browser_test

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/desk"
	"nightbell/appliance/message"
	"nightbell/appliance/settings"
	"nightbell/crypto"
)

// office is a practice on a Tuesday at noon with two days behind it: messages in
// each state, people of each kind, a machine, a backup, mail that waits. Its
// clock is the test's, so that its pages look the same at each run but for the date.
type office struct {
	*appliancetest.Practice
	t    *testing.T
	zone *time.Location

	fresh, taken, called, closed, handed, urgent, voicemail, page, long, sent message.ID
}

// monday is when an office begins: the Monday before the last whole day.
func monday(t *testing.T) (time.Time, *time.Location) {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().In(zone)
	day := time.Date(now.Year(), now.Month(), now.Day(), 8, 0, 0, 0, zone).AddDate(0, 0, -2)
	for day.Weekday() != time.Monday {
		day = day.AddDate(0, 0, -1)
	}
	return day, zone
}

// office starts one.
func (c *chrome) office(t *testing.T) *office {
	t.Helper()
	begin, zone := monday(t)
	from := c.staffed.copy(t)
	o := &office{t: t, zone: zone, Practice: appliancetest.Start(t, appliancetest.On(from.data, from.kit, begin), appliancetest.WithSmarthost)}
	rosa, doctor := o.session(appliancetest.Admin), o.session(okafor)
	user, password := o.AddDevice("phone-system")
	hale := o.contact("Dr. Hale", "hale@cardiology.example")

	o.at(0, 9, 5)
	o.closed = take(t, o.Practice, rosa.Who, abara).ID
	o.work(rosa, o.closed, 6*time.Minute, "", "She can come Monday at 2.", message.OutcomeDone)
	o.at(0, 14, 20)
	o.fresh = take(t, o.Practice, o.session(ana).Who, sato).ID
	o.at(0, 16, 48)
	o.called = take(t, o.Practice, rosa.Who, achterberg).ID
	o.work(rosa, o.called, 20*time.Minute, "He was charged twice; the second is taken back.", "", "")
	o.at(0, 20, 15)
	o.urgent = take(t, o.Practice, rosa.Who, beck).ID
	o.work(doctor, o.urgent, 3*time.Minute, "Wound looks fine on the picture he sent. Comes in tomorrow at 8.", "", "")
	o.at(1, 7, 58)
	o.voicemail = o.mailed(user, password, "reception", voicemail())
	o.at(1, 8, 31)
	o.handed = take(t, o.Practice, rosa.Who, holm).ID
	o.done(o.Desk.HandOff(t.Context(), rosa, o.handed, desk.Seen{}, doctor.Who))
	o.at(1, 9, 14)
	o.taken = take(t, o.Practice, rosa.Who, raman).ID
	o.done(o.Desk.Take(t.Context(), rosa, o.taken, desk.Seen{}))
	o.done(o.Desk.Note(t.Context(), rosa, o.taken, "Asked Dr. Okafor whether she should come in first."))
	o.at(1, 10, 2)
	o.page = o.mailed(user, password, "billing", webMail())
	o.sent = o.taken
	o.done(o.Desk.SendSecurely(t.Context(), rosa, o.sent, hale))
	o.settle()
	o.at(1, 10, 12)
	return o
}

// settle waits until the mail that can leave has left, then breaks the mail
// server, so that some waits and says why.
func (o *office) settle() {
	o.t.Helper()
	if _, err := o.Smarthost.Wait(o.t.Context(), 2); err != nil { // the night's notice, and what was sent securely
		o.t.Fatal(err)
	}
	err := o.SetSettings(o.t.Context(), "owner", map[settings.Key]string{settings.BackupFolder: o.t.TempDir()})
	if err != nil {
		o.t.Fatal(err)
	}
}

// at moves the clock to an hour of the first or the second day.
func (o *office) at(day, hour, minute int) {
	o.t.Helper()
	begin, _ := monday(o.t)
	to := time.Date(begin.Year(), begin.Month(), begin.Day()+day, hour, minute, 0, 0, o.zone)
	o.Advance(to.Sub(o.Fake.Now()))
}

// session is what a person at a desk would have.
func (o *office) session(who appliancetest.Login) access.Session {
	o.t.Helper()
	people, err := o.People()
	if err != nil {
		o.t.Fatal(err)
	}
	for _, p := range people {
		if p.Name == who.Name {
			return access.Session{ID: "test", Who: p.ID, Name: p.Name, FullName: p.FullName, Roles: p.Roles, Reader: p.Reads()}
		}
	}
	o.t.Fatalf("nobody is called %s", who.Name)
	return access.Session{}
}

// work takes a message and calls back after a while; with an outcome it is closed.
func (o *office) work(who access.Session, id message.ID, after time.Duration, note, last message.Clear, end message.Outcome) {
	o.t.Helper()
	o.Advance(after)
	o.done(o.Desk.Take(o.t.Context(), who, id, desk.Seen{}))
	o.Advance(after)
	o.done(o.Desk.CallBack(o.t.Context(), who, id, true, note))
	if end != "" {
		o.done(o.Desk.Close(o.t.Context(), who, id, desk.Seen{}, end, last))
	}
}

func (o *office) done(_ message.Envelope, err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// contact makes somebody outside who can be sent sealed mail.
func (o *office) contact(name, mail string) message.PersonID {
	o.t.Helper()
	key, err := crypto.NewIdentity()
	if err != nil {
		o.t.Fatal(err)
	}
	made, err := o.Access.AddPerson(o.t.Context(), "owner", access.NewPerson{FullName: name, Mail: mail, Contact: true, AgeRecipient: key.Recipient().String()}, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	return made.ID
}

// mailed sends a mail to one of the practice's addresses and answers its message.
func (o *office) mailed(user, password, to, text string) message.ID {
	o.t.Helper()
	if err := o.SendMail(o.t.Context(), user, password, []string{to + "@nightbell.local"}, text); err != nil {
		o.t.Fatal(err)
	}
	all, err := o.Envelopes(0)
	if err != nil {
		o.t.Fatal(err)
	}
	newest := slices.MaxFunc(all, func(a, b message.Envelope) int { return cmp.Compare(a.Number, b.Number) })
	return newest.ID
}

// longWinded is a call whose words have no end: pages must bear it.
func longWinded() call {
	return call{message.TypeOther, map[string]message.Clear{
		"caller": "Maximiliana-Theodora Featherstonehaugh-Nowak of the Lower Valley Coordination Office", "callback": "503 555 0166 x 4471, ask for the night nurse on the second floor",
		"reason": message.Clear("See https://records.example/" + strings.Repeat("averylongaddresswithoutanyspace", 8) + " and then: " + strings.Repeat("she would like to hear from somebody before the weekend. ", 12))}}
}

const boundary = "=_part"

func parts(from, subject string, parts ...string) string {
	head := fmt.Sprintf("From: %s\r\nTo: desk@nightbell.local\r\nSubject: %s\r\nDate: Tue, 24 Nov 2026 07:57:00 -0500\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=%q\r\n\r\n", from, subject, boundary)
	return head + "--" + boundary + "\r\n" + strings.Join(parts, "\r\n--"+boundary+"\r\n") + "\r\n--" + boundary + "--\r\n"
}

// voicemail is a mail of the phone system with a second of silence.
func voicemail() string {
	wav := append([]byte("RIFF\x64\x1f\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x40\x1f\x00\x00"), make([]byte, 8000)...)
	return parts("Phone system <pbx@office.example>", "New message in mailbox 100",
		"Content-Type: text/plain; charset=utf-8\r\n\r\nCaller: (503) 555-0111\r\nDuration: 0:01",
		"Content-Type: audio/x-wav; name=msg0001.wav\r\nContent-Disposition: attachment; filename=msg0001.wav\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64.StdEncoding.EncodeToString(wav))
}

// webMail is a mail that is a web page, with a file.
func webMail() string {
	return parts("Omar Haddad <omar@haddad.example>", "Question about my statement",
		"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Hello,</p><p>the <b>statement</b> of October says I owe $40 for a visit I never had. Please call me.</p><p>Omar Haddad<br>(503) 555-0129</p>",
		"Content-Type: application/pdf; name=\"statement october.pdf\"\r\nContent-Disposition: attachment; filename=\"statement october.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64.StdEncoding.EncodeToString([]byte("%PDF-1.4 made up")))
}
