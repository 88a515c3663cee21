package store_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// tree lists the files under a folder.
func tree(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			files = append(files, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func say(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func TestBlobIsWrittenOnceAndWhole(t *testing.T) {
	s := open(t, small(t.TempDir()))
	id := newID(0xab12)
	if err := s.WriteBlob(t.Context(), id, say("age-encryption.org/v1")); err != nil {
		t.Fatal(err)
	}
	f, err := s.OpenBlob(id)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(f); err != nil || string(b) != "age-encryption.org/v1" {
		t.Fatalf("got %q, %v", b, err)
	}
	if fi, err := os.Stat(filepath.Join(s.Dir(), "blobs", "12", string(id)+".age")); err != nil || fi.Mode().Perm() != 0o600 {
		t.Fatalf("it does not lie where DESIGN says: %v", err)
	}
	if s.WriteBlob(t.Context(), id, say("another")) == nil {
		t.Error("a blob was written twice")
	}
	for range 2 {
		if err := s.RemoveBlob(id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.OpenBlob(id); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed: %v", err)
	}
}

func TestABlobThatFailsLeavesNothing(t *testing.T) {
	s := open(t, small(t.TempDir()))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range map[string]error{
		"its writer fails":  s.WriteBlob(t.Context(), newID(1), func(w io.Writer) error { w.Write([]byte("half")); return errOwn }),
		"its context ended": s.WriteBlob(ended, newID(2), say("x")),
		"its id is a path":  s.WriteBlob(t.Context(), "../../x", say("x")),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if files := tree(t, s.Dir()); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
	if _, err := s.OpenBlob("../../x"); err == nil {
		t.Error("a path was opened")
	}
	if err := s.RemoveBlob("../../x"); err == nil {
		t.Error("a path was removed")
	}
}

func TestSweepRemovesWhatNobodyNames(t *testing.T) {
	s := open(t, small(t.TempDir()))
	if n, err := s.SweepBlobs(t.Context(), func(message.ID) bool { return false }); n != 0 || err != nil {
		t.Fatalf("without any blob: %d, %v", n, err)
	}
	for i := range 6 {
		if err := s.WriteBlob(t.Context(), newID(i), say("x")); err != nil {
			t.Fatal(err)
		}
	}
	half := filepath.Join(s.Dir(), "blobs", "00", "."+string(newID(9))+".age.tmp-0011223344556677")
	foreign := filepath.Join(s.Dir(), "blobs", "00", "README")
	for _, path := range []string{half, foreign} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n, err := s.SweepBlobs(t.Context(), func(id message.ID) bool { return id == newID(1) || id == newID(4) })
	if n != 5 || err != nil {
		t.Fatalf("removed %d, %v", n, err)
	}
	if files := tree(t, filepath.Join(s.Dir(), "blobs")); len(files) != 3 {
		t.Fatalf("left: %v", files)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.SweepBlobs(ended, func(message.ID) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context: %v", err)
	}
}

func TestWriteFileReplacesTheWholeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets.json")
	for _, text := range []string{"a long first version", "short"} {
		if err := store.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != text {
			t.Fatalf("got %q, %v", b, err)
		}
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", fi.Mode(), err)
	}
	if err := store.WriteFile(filepath.Join(path, "below a file"), nil, 0o600); err == nil {
		t.Error("no error")
	}
	if files := tree(t, filepath.Dir(path)); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

func TestDestroyOverwritesThenRemoves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "epoch.age")
	link := path + ".seen" // the same blocks under another name, to look at them afterwards
	text := strings.Repeat("identity", 9000)
	if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Link(path, link)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := store.Destroy(path); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("it is still there: %v", err)
	}
	b, err := os.ReadFile(link)
	if err != nil || len(b) != len(text) || strings.Trim(string(b), "\x00") != "" {
		t.Fatalf("its blocks still hold something: %d bytes, %v", len(b), err)
	}
}

func TestDestroyAnswersWhatItCannot(t *testing.T) {
	dir := t.TempDir()
	os.Mkdir(filepath.Join(dir, "folder"), 0o700)
	os.WriteFile(filepath.Join(dir, "folder", "x"), nil, 0o600)
	if err := store.Destroy(filepath.Join(dir, "folder")); err == nil {
		t.Error("a folder was destroyed")
	}
	if err := store.Remove(filepath.Join(dir, "folder")); err == nil {
		t.Error("a folder was removed")
	}
}

func TestIsTemp(t *testing.T) {
	for name, want := range map[string]bool{".x.age.tmp-00": true, "x.age": false, "x.tmp-00": false, ".hidden": false} {
		if store.IsTemp(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
