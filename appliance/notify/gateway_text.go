package notify

import "strings"

// maxSMS is what one text holds in the phones' own alphabet; a character outside
// of it more than halves that, and two texts may come in either order.
const maxSMS = 160 // 3GPP TS 23.038: 140 octets of 7 bits

// gsm7 are the characters of that alphabet, and gsm7Two those that count double.
const (
	gsm7 = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsm7Two = "^{}\\[~]|€"
)

// fits says whether a text goes out as one.
func fits(text string) bool {
	size := 0
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsm7, r):
			size++
		case strings.ContainsRune(gsm7Two, r):
			size += 2
		default:
			return false
		}
	}
	return size <= maxSMS
}

// fit puts together what a channel says: the words, and how they are answered.
// A text takes the short words where the others are too long for it.
func fit(kind Kind, how, words, short string) string {
	text := strings.TrimSpace(words) + how
	switch {
	case kind == KindVoice:
		return twice(text)
	case kind == KindSMS && !fits(text):
		return strings.TrimSpace(short) + how
	}
	return text
}
