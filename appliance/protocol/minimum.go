package protocol

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"nightbell/appliance/message"
)

// Excess is something in free text that this kind of call does not need (45 CFR
// 164.502(b)). It says what it is and where, never what it says.
type Excess struct {
	Field string // of the form
	What  string // "a Social Security number"
}

// Words says it to whoever typed it.
func (e Excess) Words(of Field, refused bool) string {
	if refused {
		return fmt.Sprintf("%s holds what looks like %s; take it out, it is not needed for this call.", of.Label, e.What)
	}
	return fmt.Sprintf("This looks like %s. It is not needed for this call; please leave it out.", e.What)
}

// Excesses looks for what is not needed in the free text of a form: a Social
// Security number, the number of a payment card, and what the type names as never
// asked when a number follows its name.
func (t Type) Excesses(form map[string]message.Clear) (list []Excess) {
	for _, f := range t.Asked() {
		if f.Kind != Text && f.Kind != LongText {
			continue
		}
		value := form[f.Name].Reveal()
		if value == "" {
			continue
		}
		for _, what := range t.excessIn(value) {
			list = append(list, Excess{f.Name, what})
		}
	}
	return list
}

func (t Type) excessIn(text string) (found []string) {
	if socialSecurity(text) {
		found = append(found, "a Social Security number")
	}
	if cardNumber(text) {
		found = append(found, "the number of a payment card")
	}
	for _, f := range t.Fields {
		if f.Ask == Never && named(text, f.Label) && !slices.Contains([]string{"social_security", "card_number"}, f.Name) {
			found = append(found, "“"+f.Label+"”")
		}
	}
	return found
}

var (
	ninePatterned = regexp.MustCompile(`(?:^|[^\d-])(\d{3})[- ](\d{2})[- ](\d{4})(?:[^\d-]|$)`)
	nineBare      = regexp.MustCompile(`(?:^|\D)(\d{3})(\d{2})(\d{4})(?:\D|$)`)
	socialWords   = regexp.MustCompile(`(?i)\b(ssn|soc(ial)?\.?\s*sec(urity)?|social(\s+is|\s*#|:|\s+number))`)
)

// socialSecurity finds a number that the Social Security Administration could have
// issued (no area 000, 666 or 900 and above, no group 00, no serial 0000). Nine
// digits in a row are one only beside the words: they are many other things.
func socialSecurity(text string) bool {
	for _, m := range ninePatterned.FindAllStringSubmatch(text, -1) {
		if couldBeIssued(m[1], m[2], m[3]) {
			return true
		}
	}
	if !socialWords.MatchString(text) {
		return false
	}
	for _, m := range nineBare.FindAllStringSubmatch(text, -1) {
		if couldBeIssued(m[1], m[2], m[3]) {
			return true
		}
	}
	return false
}

func couldBeIssued(area, group, serial string) bool {
	return area != "000" && area != "666" && area < "900" && group != "00" && serial != "0000"
}

var cardDigits = regexp.MustCompile(`\d(?:[ -]?\d){12,18}`)

// cardNumber finds digits that begin as those of a payment card do, have its
// length and end in its check digit (ISO/IEC 7812, Luhn).
func cardNumber(text string) bool {
	for _, run := range cardDigits.FindAllString(text, -1) {
		number := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, run)
		if issued(number) && luhn(number) {
			return true
		}
	}
	return false
}

// issued says whether a number begins and is as long as those of the large card
// networks are: Visa, Mastercard, American Express, Discover, Diners Club, JCB.
func issued(n string) bool {
	prefix := func(from, to string) bool { return n[:len(from)] >= from && n[:len(to)] <= to }
	switch {
	case n[0] == '4':
		return len(n) == 13 || len(n) == 16 || len(n) == 19
	case prefix("51", "55"), prefix("2221", "2720"):
		return len(n) == 16
	case prefix("34", "34"), prefix("37", "37"):
		return len(n) == 15
	case prefix("6011", "6011"), prefix("644", "659"):
		return len(n) >= 16
	case prefix("300", "305"), prefix("36", "36"), prefix("38", "39"):
		return len(n) == 14
	case prefix("3528", "3589"):
		return len(n) == 16
	}
	return false
}

func luhn(n string) bool {
	sum := 0
	for i := range n {
		d := int(n[len(n)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// reach is how many words after the name of a field its value may stand.
const reach = 3

// named says whether the words of a label stand in a text and a number soon after
// them: "address is 12 Main Street". The words alone are no value.
func named(text, label string) bool {
	want := wordsOf(label)
	have := wordsOf(text)
	for i := range have {
		if len(want) == 0 || i+len(want) > len(have) || !slices.Equal(have[i:i+len(want)], want) {
			continue
		}
		after := have[i+len(want):]
		if slices.ContainsFunc(after[:min(reach, len(after))], func(w string) bool { return strings.ContainsAny(w, "0123456789") }) {
			return true
		}
	}
	return false
}

func wordsOf(text string) (list []string) {
	for w := (words{text: text}); w.find(); {
		list = append(list, string(w.word()))
	}
	return list
}
