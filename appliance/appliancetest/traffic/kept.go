package traffic

import (
	"testing"

	"filippo.io/age"

	"nightbell/appliance"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// Kept sees that everything acknowledged is there, once, and opens with the
// kit's identities; that nothing else is there twice and no number was given
// twice; and that the log verifies. It answers the words that are there.
func (s *Sender) Kept(t testing.TB, a *appliance.Appliance, kit ...age.Identity) map[string]bool {
	t.Helper()
	report, err := audit.Verify(t.Context(), a.Store)
	if err != nil || report.FirstBad != nil {
		t.Fatalf("the audit log does not verify: %v %+v", err, report)
	}
	reader, err := a.Vault.ReaderFor(kit...)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	all, err := a.Envelopes(0)
	if err != nil {
		t.Fatal(err)
	}
	there, numbers := map[string]bool{}, map[message.Number]bool{}
	for _, e := range all {
		if numbers[e.Number] {
			t.Errorf("%s was given twice", e.Number)
		}
		numbers[e.Number] = true
		word := wordOf(t, a, reader, e)
		if word == "" || there[word] {
			t.Errorf("%s carries %q, which is nothing or was there before", e.Number, word)
		}
		there[word] = true
	}
	for _, word := range s.Acked() {
		if !there[word] {
			t.Errorf("%s was acknowledged and is gone", word)
		}
	}
	return there
}

// wordOf opens a message and answers its word.
func wordOf(t testing.TB, a *appliance.Appliance, reader *vault.Reader, e message.Envelope) (word string) {
	t.Helper()
	for _, part := range e.Parts {
		switch part.Kind {
		case message.PartBlob:
			if err := a.Vault.CheckBlob(e.ID, part); err != nil {
				t.Errorf("a blob of %s: %v", e.Number, err)
			}
		case message.PartRecord:
			var rec message.Record
			err := a.Store.View(func(tx *store.Tx) (err error) {
				rec, err = reader.Record(tx, e.ID, part)
				return err
			})
			if err != nil {
				t.Errorf("%s does not open: %v", e.Number, err)
			}
			for _, v := range rec.Form {
				word += wordRule.FindString(v.Reveal())
			}
		}
	}
	return word
}
