//go:build unix

package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"nightbell/appliance/store"
)

func TestNothingIsTakenIntoAFileThatTheNextStartWillNotFind(t *testing.T) {
	dir := t.TempDir()
	s := open(t, small(dir))
	file, aside := filepath.Join(dir, "store.db"), filepath.Join(dir, "aside")
	if err := s.Accepting(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file, aside); err != nil {
		t.Fatal(err)
	}
	if err := s.Accepting(); !errors.Is(err, store.ErrMoved) {
		t.Errorf("a file that was moved answers %v", err)
	}
	put(t, s, "b", "k", "v") // what was taken is still worked
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Accepting(); !errors.Is(err, store.ErrMoved) {
		t.Errorf("another file in its place answers %v", err)
	}
	if err := os.Rename(aside, file); err != nil {
		t.Fatal(err)
	}
	if err := s.Accepting(); err != nil {
		t.Errorf("the file in its place again answers %v", err)
	}
}
