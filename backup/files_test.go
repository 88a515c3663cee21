package backup

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"nightbell/crypto"
)

// tree answers the SHA-256 of every file of a folder.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = hexSum(data)
		return err
	}))
	return files
}

// flip changes one bit of a file.
func flip(t testing.TB, path string, at int) {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	data[(at+len(data))%len(data)] ^= 1
	must(t, os.WriteFile(path, data, 0o600))
}

func contextOf(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

// replaceKit makes a new recovery kit the one that opens the practice.
func (p *practice) replaceKit() {
	p.t.Helper()
	kit, err := crypto.NewKit("Hale Family Medicine", p.clock.Now(), p.kit.Signing)
	must(p.t, err)
	reader, err := p.vault.ReaderFor(p.ids()...)
	must(p.t, err)
	defer reader.Close()
	must(p.t, p.vault.ReplaceKit(p.t.Context(), kit, "owner", reader))
	p.kit = kit
}
