package crypto_test

import (
	"bytes"
	"testing"

	"nightbell/crypto"
)

func BenchmarkSealPart(b *testing.B) {
	id := newIdentity(b)
	line := bytes.Repeat([]byte("x"), 400)
	to := id.Recipient()
	for b.Loop() {
		if _, _, err := crypto.SealPart(to, line); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenSlotPassword(b *testing.B) {
	slot, err := crypto.SealSlotPassword(newIdentity(b), "lantern otter gravel")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := crypto.OpenSlotPassword(slot, "lantern otter gravel"); err != nil {
			b.Fatal(err)
		}
	}
}
