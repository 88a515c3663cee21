package vault_test

import (
	"testing"

	"nightbell/appliance/message"
)

func BenchmarkSealRecord(b *testing.B) {
	h := newHouse(b)
	rec := message.Record{Message: newID(b), Kind: message.PartRecord, Text: "the wound opened again, please call back before noon",
		Form: map[string]message.Clear{"name": "Ada Example", "phone": "555-0100", "dob": "1970-01-01"}}
	for b.Loop() {
		if _, err := h.vault.SealRecord(b.Context(), rec); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadRecord(b *testing.B) {
	h := newHouse(b)
	e := h.take("the wound opened again, please call back before noon")
	for b.Loop() {
		if _, err := h.read(e.ID, e.Parts[0]); err != nil {
			b.Fatal(err)
		}
	}
}
