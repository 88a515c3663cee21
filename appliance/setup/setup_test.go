package setup_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"nightbell/appliance/settings"
	"nightbell/appliance/setup"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

const childFolder = "NIGHTBELL_TEST_FIRST_RUN"

func practiceIn(root, kit string) setup.Practice {
	return setup.Practice{
		Dir: filepath.Join(root, "data"), Name: "Cedar Street", Zone: "America/New_York", Host: "nightbell.local",
		Admin: "rosa", AdminPassword: "paper lantern over a quiet harbour", Kit: filepath.Join(root, kit),
	}
}

// A first run that is killed before the kit lies safe must not be served: its
// practice would have no kit at all, and nobody would know.
func TestNothingIsAPracticeBeforeItsKitIsWritten(t *testing.T) {
	if root := os.Getenv(childFolder); root != "" {
		if _, err := setup.Make(t.Context(), practiceIn(root, "kit.txt")); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, moment := range []string{"data/keys/recovery.age", "data/keys/staff-*.age", "data/node.db"} {
		root := t.TempDir()
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		child.Env = append(os.Environ(), childFolder+"="+root)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		for there := 0; there == 0; { // without a pause: the moment is short
			files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(moment)))
			if err != nil {
				t.Fatal(err)
			}
			there = len(files)
		}
		child.Process.Kill()
		child.Wait()
		_, noKit := os.Stat(filepath.Join(root, "kit.txt"))
		if id := practiceID(t, filepath.Join(root, "data")); id != "" && noKit != nil {
			t.Errorf("killed at %s, there is a practice without a kit", moment)
		}
	}
}

func practiceID(t *testing.T, dir string) (id string) {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	err = st.View(func(tx *store.Tx) error { id = settings.Get(tx, settings.PracticeID); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// Whoever presses twice has one practice, and it is whole.
func TestTwoFirstRunsAtOnceMakeOnePractice(t *testing.T) {
	root := t.TempDir()
	data := filepath.Join(root, "data")
	var errs [2]error
	var both sync.WaitGroup
	for i, kit := range []string{"first.txt", "second.txt"} {
		both.Go(func() {
			_, errs[i] = setup.Make(t.Context(), practiceIn(root, kit))
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
