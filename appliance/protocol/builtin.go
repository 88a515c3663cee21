package protocol

import (
	"time"

	"nightbell/appliance/message"
)

// builtInVersion is the version of BuiltIn's protocol; it changes with it.
const builtInVersion = 1

// BuiltIn is the protocol that every practice starts with: the six kinds of call
// that a medical office gets, each asking for what its worker needs and no more.
// All who ask share it; it is read and never changed.
func BuiltIn() Protocol { return builtIn }

var builtIn = Protocol{Version: builtInVersion, Types: []Type{
	appointment(), change(), refill(), urgent(), billing(), other(),
}}

// caller asks who calls and how to reach them; every type begins with it.
func caller() []Field {
	return []Field{
		{Name: "caller", Label: "Caller", Hint: "first and last name", Kind: Text, Ask: Required},
		{Name: "relation", Label: "Caller is", Kind: Choice, Options: []Option{
			{"patient", "the patient"}, {"parent", "a parent or guardian"}, {"partner", "husband, wife or partner"},
			{"child", "a grown child"}, {"caregiver", "a caregiver"}, {"pharmacy", "a pharmacy"},
			{"office", "another office, lab or hospital"}, {"other", "somebody else"}}},
		{Name: "callback", Label: "Call back number", Hint: "“none” where there is none", Kind: Phone, Ask: Required},
		{Name: "read_back", Label: "Number read back", Kind: Check, Beside: "callback"},
	}
}

// patient asks whom the call is about.
func patient() []Field {
	return []Field{
		{Name: "patient", Label: "Patient", Hint: "if not the caller", Kind: Text},
		{Name: "born", Label: "Born", Hint: "month, day, year", Kind: Born},
		{Name: "provider", Label: "Provider", Hint: "whom the patient sees here", Kind: Text},
	}
}

func join(groups ...[]Field) []Field {
	var all []Field
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

var bestTime = Field{Name: "best_time", Label: "Best time to call back", Kind: Text}

const (
	neverAsked = "Not asked for this call: address, social security number, insurance member number. Please leave them out."
	onlyNeeded = "in the caller's words, only what the doctor needs"
)

func appointment() Type {
	return Type{
		ID: message.TypeNew, Name: "New patient or appointment", Short: "Appointment", Key: "1",
		Urgency: message.Routine, Due: Duration(24 * time.Hour),
		Fields: join(caller(), []Field{bestTime}, patient(), []Field{
			{Name: "seen_before", Label: "Seen here before", Kind: Choice, Options: []Option{{"no", "no, a new patient"}, {"yes", "yes"}}},
			{Name: "preferred_times", Label: "Days and times that suit", Kind: Text},
			{Name: "insurance", Label: "Insurance carrier", Hint: "only the name", Kind: Text},
			{Name: "referred_by", Label: "Referred by", Kind: Text},
			{Name: "reason", Label: "Reason for the visit", Hint: onlyNeeded, Kind: LongText, Ask: Required, Wide: true},
		}),
		Who: []string{"caller", "patient"}, What: [][]string{{"reason"}, {"preferred_times"}},
		Goodbye:  "We call you back by the next working day to set the time. If it becomes urgent before then, call again and say so; in an emergency dial 911.",
		LeaveOut: neverAsked,
	}
}

func change() Type {
	return Type{
		ID: message.TypeChange, Name: "Reschedule, cancel or same-day change", Short: "Change", Key: "2",
		Urgency: message.Routine, Due: Duration(8 * time.Hour),
		Raises: []Raise{
			{Field: "same_day", Values: []string{Yes}, To: message.SameDay},
			{Field: "change", Values: []string{"late", "today"}, To: message.SameDay},
		},
		Fields: join(caller(), patient(), []Field{
			{Name: "appointment", Label: "Appointment", Hint: "day and time as the caller knows it", Kind: Text, Ask: Required},
			{Name: "change", Label: "What should change", Kind: Choice, Ask: Required, Options: []Option{
				{"move", "move to another time"}, {"cancel", "cancel"}, {"late", "running late"}, {"today", "be seen today"}}},
			{Name: "same_day", Label: "It is about today", Kind: Check},
			{Name: "preferred_times", Label: "Days and times that suit", Kind: Text},
			{Name: "reason", Label: "Reason", Hint: "only if the caller says it and the office needs it", Kind: LongText, Wide: true},
		}),
		Who: []string{"caller", "patient"}, What: [][]string{{"change"}, {"appointment"}},
		Goodbye:  "I pass this on to the office now. Please count the appointment as it stands until you hear from us.",
		LeaveOut: "Not asked for this call: insurance, address, social security number. Please leave them out.",
	}
}

func refill() Type {
	return Type{
		ID: message.TypeRefill, Name: "Prescription refill", Short: "Refill", Key: "3",
		Urgency: message.Routine, Due: Duration(24 * time.Hour),
		Raises: []Raise{{Field: "days_left", Values: []string{"0", "1-2"}, To: message.SameDay}},
		Fields: join(caller(), patient(), []Field{
			{Name: "medication", Label: "Medication", Hint: "spell it back", Kind: Text, Ask: Required},
			{Name: "dose", Label: "Dose", Hint: "as on the label: 10 mg, once a day", Kind: Text},
			{Name: "pharmacy", Label: "Pharmacy", Hint: "name and street", Kind: Text, Ask: Required},
			{Name: "days_left", Label: "Days left", Kind: Choice, Options: []Option{
				{"0", "none"}, {"1-2", "1 or 2"}, {"3-7", "3 to 7"}, {"8+", "more than 7"}}},
			{Name: "allergies", Label: "Allergies to medicines", Kind: Text},
			{Name: "reason", Label: "Anything else", Hint: onlyNeeded, Kind: LongText, Wide: true},
		}),
		Who: []string{"patient", "caller"}, What: [][]string{{"medication", "dose"}, {"pharmacy"}},
		Goodbye:  "The doctor sees this by the next working day. Please ask your pharmacy before you go there. If you have none left of a medicine that you must not miss, tell me now.",
		LeaveOut: neverAsked,
	}
}

func urgent() Type {
	return Type{
		ID: message.TypeUrgent, Name: "Urgent clinical call", Short: "Clinical", Key: "4",
		Urgency: message.Urgent, Due: Duration(dueUrgent),
		Fields: join(caller(), patient(), []Field{
			{Name: "symptoms", Label: "What is the matter?", Hint: onlyNeeded, Kind: LongText, Ask: Required, Wide: true},
			{Name: "since", Label: "Since when", Kind: Text},
			{Name: "told", Label: "What you told the caller", Hint: "911, emergency room, wait for the doctor", Kind: Text},
		}),
		Who: []string{"caller", "patient"}, What: [][]string{{"symptoms"}, {"since"}},
		Goodbye:  "A doctor calls you back within 30 minutes at the number you gave me. Keep the line free. If it gets worse before that, hang up and dial 911.",
		LeaveOut: "Not asked for this call: insurance, address, social security number. Please leave them out.",
	}
}

func billing() Type {
	return Type{
		ID: message.TypeBilling, Name: "Billing or insurance", Short: "Billing", Key: "5",
		Urgency: message.Routine, Due: Duration(48 * time.Hour),
		Fields: join(caller(), []Field{bestTime,
			{Name: "patient", Label: "Patient", Hint: "if not the caller", Kind: Text},
			{Name: "born", Label: "Born", Hint: "month, day, year", Kind: Born},
			{Name: "statement", Label: "Statement", Hint: "its date or number", Kind: Text},
			{Name: "insurance", Label: "Insurance carrier", Hint: "only the name", Kind: Text},
			{Name: "question", Label: "Question", Hint: "in the caller's words, nothing about the illness", Kind: LongText, Ask: Required, Wide: true},
		}),
		Who: []string{"caller", "patient"}, What: [][]string{{"question"}, {"statement"}},
		Goodbye:  "Somebody from billing calls you back within two working days.",
		LeaveOut: "Not asked for this call: card or account numbers, social security number, what the visit was for. Please leave them out.",
	}
}

func other() Type {
	return Type{
		ID: message.TypeOther, Name: "Something else", Short: "Other", Key: "6",
		Urgency: message.Routine, Due: Duration(24 * time.Hour),
		Fields: join(caller(), []Field{bestTime,
			{Name: "patient", Label: "Patient", Hint: "only if it is about one", Kind: Text},
			{Name: "reason", Label: "What is it about?", Hint: "in the caller's words, only what the office needs", Kind: LongText, Ask: Required, Wide: true},
		}),
		Who: []string{"caller", "patient"}, What: [][]string{{"reason"}},
		Goodbye:  "I pass this on to the office. Somebody calls you back by the next working day.",
		LeaveOut: neverAsked,
	}
}
