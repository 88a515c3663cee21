package protocol_test

import (
	"strings"
	"testing"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

func TestWhatIsNotNeededIsSeenInFreeText(t *testing.T) {
	billing := typ(t, message.TypeBilling)
	for text, want := range map[string]string{
		"my social is 078-05-1120":                    "a Social Security number",
		"078 05 1120":                                 "a Social Security number",
		"SSN 078051120":                               "a Social Security number",
		"ssn: 123456789":                              "a Social Security number",
		"charge it to 4111 1111 1111 1111":            "the number of a payment card",
		"card 5500-0000-0000-0004 exp 12/28":          "the number of a payment card",
		"amex 340000000000009":                        "the number of a payment card",
		"my address is 12 Main Street":                "“Address”",
		"Insurance member number: XJ 4471-22":         "“Insurance member number”",
		"call 503-555-0148 or 503 555 0190":           "",
		"order 078051120 never came":                  "",
		"666-12-3456":                                 "",
		"000-12-3456 or 900-12-3456":                  "",
		"123-00-4567":                                 "",
		"123-45-0000":                                 "",
		"on 12-05-2026 at 3":                          "",
		"lisinopril 10 mg, 90 tablets":                "",
		"4111 1111 1111 1112":                         "",
		"claim 1234567890123456":                      "",
		"invoice 20261124-0012345":                    "",
		"my address changed":                          "",
		"the address on the bill is wrong":            "",
		"NPI 1234567893":                              "",
		"charged 120.50 on 11/02 and 120.50 on 11/09": "",
		"member since 2019":                           "",
		"":                                            "",
	} {
		var got []string
		for _, e := range billing.Excesses(map[string]message.Clear{"question": message.Clear(text)}) {
			if e.Field != "question" {
				t.Errorf("%q is found in %s", text, e.Field)
			}
			got = append(got, e.What)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}

func TestWhatIsNotNeededIsRefusedWhereTheProtocolSaysSo(t *testing.T) {
	p := copyOf(t, protocol.BuiltIn())
	filled := form{"caller": "Tom", "callback": "503 555 0190", "question": "my social is 078-05-1120"}
	billing, _ := p.Type(message.TypeBilling)
	billing.Minimum = protocol.Warn
	if _, problems := p.Fill(billing, filled, message.ChannelDesk); len(problems) > 0 {
		t.Errorf("where the taker is only told: %+v", problems)
	}
	billing.Minimum = protocol.Refuse
	for _, ch := range []message.Channel{message.ChannelDesk, message.ChannelAPI} {
		_, problems := p.Fill(billing, filled, ch)
		if len(problems) != 1 || problems[0].Field != "question" || strings.Contains(problems[0].Words, "1120") {
			t.Errorf("%s: %+v", ch, problems)
		}
	}
	if _, problems := p.Fill(billing, form{protocol.FieldMailSubject: "078-05-1120"}, message.ChannelMail); len(problems) > 0 {
		t.Errorf("a mail is refused: %+v", problems)
	}
}

func FuzzExcess(f *testing.F) {
	f.Add("078-05-1120 4111 1111 1111 1111 address 12")
	billing, _ := protocol.BuiltIn().Type(message.TypeBilling)
	f.Fuzz(func(t *testing.T, text string) {
		billing.Excesses(map[string]message.Clear{"question": message.Clear(text)})
		protocol.CheckPhone(text)
		protocol.FormatPhone(text)
	})
}

func TestAPhoneNumberIsReadAsItIsTyped(t *testing.T) {
	for typed, want := range map[string]struct {
		e164  string
		fault protocol.PhoneFault
	}{
		"503 555 0148":        {"+15035550148", protocol.PhoneWhole},
		"(503) 555-0148 x12":  {"+15035550148", protocol.PhoneWhole},
		"1 503 555 0148":      {"+15035550148", protocol.PhoneWhole},
		"+44 20 7946 0018":    {"+442079460018", protocol.PhoneWhole},
		"555 0134":            {"", protocol.PhoneLocal},
		"503 555 014":         {"", protocol.PhoneTooShort},
		"503 555 01481234567": {"", protocol.PhoneTooLong},
		"2045":                {"", protocol.PhoneTooShort},
		"none":                {"", protocol.PhoneNone},
		"":                    {"", protocol.PhoneNone},
	} {
		if got := protocol.E164(typed); got != want.e164 {
			t.Errorf("%q is %q", typed, got)
		}
		if got := protocol.CheckPhone(typed); got != want.fault {
			t.Errorf("%q lacks %q, not %q", typed, got, want.fault)
		}
	}
}
