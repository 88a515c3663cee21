package setup_test

import (
	"path/filepath"
	"sync"
	"testing"

	"nightbell/appliance/setup"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// Whoever presses twice has one practice, and it is whole.
func TestTwoFirstRunsAtOnceMakeOnePractice(t *testing.T) {
	root := t.TempDir()
	data := filepath.Join(root, "data")
	var errs [2]error
	var both sync.WaitGroup
	for i, kit := range []string{"first.txt", "second.txt"} {
		both.Go(func() {
			_, errs[i] = setup.Make(t.Context(), setup.Practice{
				Dir: data, Name: "Cedar Street", Zone: "America/New_York", Host: "nightbell.local",
				Admin: "rosa", AdminPassword: "paper lantern over a quiet harbour", Kit: filepath.Join(root, kit),
			})
		})
	}
	both.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("answered %v and %v", errs[0], errs[1])
	}
	st, err := store.Open(t.Context(), store.Options{Dir: data})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	v, err := vault.Open(t.Context(), vault.Options{Store: st})
	if err != nil {
		t.Fatalf("what the first made is gone: %v", err)
	}
	defer v.Close()
	if _, err := vault.LoadSecrets(data); err != nil {
		t.Error(err)
	}
}
