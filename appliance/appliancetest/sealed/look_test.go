package sealed_test

import (
	"os"
	"path/filepath"
	"strings"

	"nightbell/appliance/store"
	"nightbell/backup"
)

// look looks for every word in every place where it must not be.
func (s *scenario) look() {
	s.t.Helper()
	s.opened.holdsAll(s.t, s.kept)
	restored := filepath.Join(s.t.TempDir(), "restored")
	if _, err := backup.Restore(s.t.Context(), backup.RestoreOptions{From: s.backup, To: restored, Identities: s.KitIdentities(), Clock: s.Fake}); err != nil {
		s.t.Fatal(err)
	}
	for _, dir := range []string{s.root, s.backup, restored, s.temp} {
		s.inFolder(s.t, dir)
	}
	report(s.t, s.in("the log", s.Logs.Bytes()))
	report(s.t, s.in("metrics, lists and event streams", s.said.Bytes()))
	// The mail door says hello and the addresses of an envelope back to who said them, over TLS.
	report(s.t, s.kept.Bytes("what the mail door answered", s.mail.answers.Bytes()))
	report(s.t, s.in("what went over the wire to the smarthost", s.Smarthost.Wire()))
	for _, m := range s.Smarthost.Mails() {
		report(s.t, s.in("a mail that the smarthost received", append([]byte(strings.Join(m.To, " ")), m.Data...)))
	}
	s.lookForTheAddress(restored)
}

// lookForTheAddress looks for the contact's address. It stands in the practice's
// address book, which is no secret, and on the envelope of the letter; that
// something was sent to it stands nowhere.
func (s *scenario) lookForTheAddress(restored string) {
	s.t.Helper()
	for _, dir := range []string{s.root, restored} {
		found, err := s.address.Folder(dir)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, f := range found {
			if filepath.Base(f.In) != store.DefaultFile {
				s.t.Error(f)
			}
		}
		s.onlyInTheAddressBook(dir)
	}
	for _, dir := range []string{s.backup, s.temp} {
		found, err := s.address.Folder(dir)
		if err != nil {
			s.t.Fatal(err)
		}
		report(s.t, found)
	}
	report(s.t, s.address.Bytes("the log", s.Logs.Bytes()))
	report(s.t, s.address.Bytes("the wire to the smarthost", s.Smarthost.Wire()))
	for line := range strings.Lines(string(s.letter())) {
		if !strings.HasPrefix(line, "To: ") {
			report(s.t, s.address.Bytes("the letter", []byte(line)))
		}
	}
}

// onlyInTheAddressBook looks through a store's buckets.
func (s *scenario) onlyInTheAddressBook(dir string) {
	s.t.Helper()
	if _, err := os.Stat(filepath.Join(dir, store.DefaultFile)); err != nil {
		dir = filepath.Join(dir, "data")
	}
	st, err := store.Open(s.t.Context(), store.Options{Dir: dir, Clock: s.Fake})
	if err != nil {
		s.t.Fatal(err)
	}
	defer st.Close()
	inBook := 0
	err = st.View(func(tx *store.Tx) error {
		for _, bucket := range tx.Buckets() {
			tx.Ascend(bucket, "", func(key string, value []byte) bool {
				found := append(s.address.Bytes("bucket "+bucket, []byte(key)), s.address.Bytes("bucket "+bucket, value)...)
				if bucket == "people" {
					inBook += len(found)
					return true
				}
				report(s.t, found)
				return true
			})
		}
		return nil
	})
	if err != nil || inBook != 1 {
		s.t.Errorf("the address book of %s holds the address %d times: %v", dir, inBook, err)
	}
}
