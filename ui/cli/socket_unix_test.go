//go:build unix

package cli

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A long path has its socket under the temporary folder, where somebody else may
// lay one before us and wait for what we bring: passwords, a recovery kit.
func TestACommandTellsNothingToASocketThatOthersCouldLay(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	data := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	path := socketPath(data)
	if filepath.Dir(path) == data {
		t.Fatal("the path is not too long")
	}
	if _, err := overSocket(t.Context(), data, "status", nil, nil); !errors.Is(err, errNoService) {
		t.Fatalf("without a service: %v", err)
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.Chmod(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	_, err = overSocket(t.Context(), data, "status", nil, nil)
	if err == nil || !strings.Contains(err.Error(), "open to other users") {
		t.Errorf("a folder that all may write answers %v", err)
	}
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	if err := errors.Join(os.Rename(filepath.Dir(path), elsewhere), os.Chmod(elsewhere, 0o700), os.Symlink(elsewhere, filepath.Dir(path))); err != nil {
		t.Fatal(err)
	}
	_, err = overSocket(t.Context(), data, "status", nil, nil)
	if err == nil || !strings.Contains(err.Error(), "open to other users") {
		t.Errorf("a link answers %v", err)
	}
}
