package desk_test

import (
	"testing"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/desk"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
)

func TestTheTextForTheChart(t *testing.T) {
	o := open(t)
	ana, okafor := o.staff(ana, "Ana Ruiz"), o.staff(okafor, "Dr. Okafor")
	id := o.take(ana.Who)
	steps := []func() error{
		func() error { _, err := o.desk.Take(t.Context(), okafor, id, desk.Seen{}); return err },
		func() error { _, err := o.desk.CallBack(t.Context(), okafor, id, false, ""); return err },
		func() error {
			_, err := o.desk.CallBack(t.Context(), okafor, id, true, "Told to go to the ER.\nShe agrees.")
			return err
		},
		func() error {
			_, err := o.desk.Close(t.Context(), okafor, id, desk.Seen{}, message.OutcomeReferred, "")
			return err
		},
	}
	for _, step := range steps {
		o.clock.Advance(time.Minute)
		o.must(step())
	}
	want := `N-1001  Urgent clinical call (urgent)
Received: Nov 24, 2026 2:07 AM PST, by phone, typed by Ana Ruiz
Caller: Marisol Quintero
Caller is: a parent or guardian
Call back number: (503) 555-0148 (read back)
Patient: Lucía Quintero
Born: 9/9/25 (September 9, 2025, 14 months)
What is the matter: fever 104 since midnight,
    hard to wake
Since when: midnight
Nov 24, 2026 2:08 AM PST: Dr. Okafor took it
Nov 24, 2026 2:09 AM PST: Dr. Okafor called back, nobody reached
Nov 24, 2026 2:10 AM PST: Dr. Okafor called back: Told to go to the ER.
    She agrees.
Nov 24, 2026 2:11 AM PST: Dr. Okafor closed it: referred
`
	for range 3 {
		got, err := o.desk.Chart(t.Context(), okafor, id)
		if err != nil || got.Reveal() != want {
			t.Fatalf("the chart gets (%v)\n%s\nnot\n%s", err, got.Reveal(), want)
		}
	}
	if n := len(o.leaves(audit.Copied)); n != 3 {
		t.Errorf("%d copies are recorded", n)
	}
}

func TestTheTextForTheChartOfAMail(t *testing.T) {
	o := open(t)
	id := o.takeIn(intake.Taking{Type: message.TypeRefill, Channel: message.ChannelMail, Device: "d-pbx", Text: "Please call.\n\nLee",
		Form: map[string]message.Clear{"mail_from": "PBX <pbx@office.example>", "mail_subject": "Voicemail"},
		Files: []intake.Attachment{
			{Name: "v.wav", Type: "audio/wav", Role: message.RoleAttachment, Data: make([]byte, 48_000)},
			{Name: "", Type: "image/tiff", Role: message.RoleAttachment, Data: make([]byte, 12)},
			{Name: "mail.eml", Type: "message/rfc822", Role: message.RoleOriginal, Data: make([]byte, 3<<20)},
			{Name: "f.pdf", Type: "application/pdf", Role: message.RoleAttachment, Data: make([]byte, 3<<20)},
		}})
	got, err := o.desk.Chart(t.Context(), rosa, id)
	o.must(err)
	if want := `N-1001  Prescription refill (routine)
Received: Nov 24, 2026 2:07 AM PST, by mail
From: PBX <pbx@office.example>
Subject: Voicemail
Text: Please call.
    
    Lee
File: v.wav (audio/wav, 46 KB)
File: - (image/tiff, 12 bytes)
File: f.pdf (application/pdf, 3.0 MB)
`; got.Reveal() != want {
		t.Errorf("the chart gets\n%s\nnot\n%s", got.Reveal(), want)
	}
	if got := o.desk.ChartText(o.look(dana, id)).Reveal(); got != "N-1001  Prescription refill (routine)\nReceived: Nov 24, 2026 2:07 AM PST, by mail\n" {
		t.Errorf("a sealed one is written as\n%s", got)
	}
}
