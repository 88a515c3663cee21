package protocol_test

import (
	"fmt"
	"strings"
	"testing"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// usualText is a message as long as one that a caller dictates: 60 words.
const usualText = "Mrs. Alvarez called about her mother, who had a knee replacement at St. Mary's two weeks ago. The knee is warm and a little red, she walks with the frame, and the home nurse was there on Tuesday. She would like to know whether the appointment on Friday can be moved to the morning, and whether she may drive then."

// BenchmarkRedFlags is the check of one message against the flags of a shipped
// protocol: of a usual length, and of ever longer text, where the time for a
// kilobyte must not grow.
func BenchmarkRedFlags(b *testing.B) {
	flags := shippedFlags(b)
	about := protocol.About{Type: message.TypeOther, Born: day.AddDate(-40, 0, 0), At: day}
	b.Run("Message", func(b *testing.B) {
		for b.Loop() {
			flags.Find(about, usualText)
		}
		perMessage(b)
	})
	for _, kilobytes := range []int{10, 100, 1000, 10_000} {
		text := message.Clear(strings.Repeat(usualText+" ", kilobytes<<10/len(usualText)))
		b.Run(fmt.Sprintf("%dKB", kilobytes), func(b *testing.B) {
			for b.Loop() {
				flags.Find(about, text)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(kilobytes), "µs/KB")
		})
	}
	hostile := message.Clear(strings.Repeat("pain chest bleeding bleedign pregnant baby ", 250))
	b.Run("Hostile10KB", func(b *testing.B) {
		for b.Loop() {
			flags.Find(about, hostile)
		}
	})
}

func shippedFlags(b *testing.B) *protocol.Flags {
	all := shippedFiles(b)
	return all["paediatrics"].Compile()
}

// perMessage says what one message takes.
func perMessage(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1e3/float64(b.N), "µs/message")
	b.ReportMetric(0, "ns/op")
}
