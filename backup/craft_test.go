package backup

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"
)

// resign changes the target's manifest and signs it as the machine would.
func (p *practice) resign(change func(*Manifest)) {
	p.t.Helper()
	t, err := openTarget(p.target, nil)
	must(p.t, err)
	m, _, err := t.manifest()
	must(p.t, err)
	change(&m)
	raw, err := m.encode(p.secrets.BackupSigning)
	must(p.t, err)
	must(p.t, os.WriteFile(t.path(ManifestName), raw, 0o600))
}

// craft opens the newest snapshot, changes what it holds, and puts it in place
// with a manifest that says so. Where settle is set the snapshot's own manifest
// says so too: what is left wrong is what only a look inside can tell.
func (p *practice) craft(settle bool, change func(files map[string][]byte)) {
	p.t.Helper()
	p.resign(func(m *Manifest) {
		point := &m.Points[len(m.Points)-1]
		path := filepath.Join(p.target, filepath.FromSlash(point.Path()))
		names, files := p.untar(path)
		change(files)
		if settle {
			settleContents(p, names, files)
		}
		sealed := p.tar(names, files)
		point.Size, point.SHA256 = int64(len(sealed)), hexSum(sealed)
		must(p.t, os.WriteFile(path, sealed, 0o600))
	})
}

func (p *practice) untar(path string) (names []string, files map[string][]byte) {
	p.t.Helper()
	file, err := os.ReadFile(path)
	must(p.t, err)
	clear, err := age.Decrypt(bytes.NewReader(file), p.secrets.Verify)
	must(p.t, err)
	files = map[string][]byte{}
	r := tar.NewReader(clear)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names, files
		}
		must(p.t, err)
		names = append(names, h.Name)
		files[h.Name], err = io.ReadAll(r)
		must(p.t, err)
	}
}

func settleContents(p *practice, names []string, files map[string][]byte) {
	var c Contents
	must(p.t, json.Unmarshal(files[contentsName], &c))
	c.Entries = nil
	for _, name := range names {
		if data, ok := files[name]; ok && name != contentsName {
			c.Entries = append(c.Entries, Entry{Name: name, Size: int64(len(data)), SHA256: hexSum(data)})
		}
	}
	raw, err := json.Marshal(c)
	must(p.t, err)
	files[contentsName] = raw
}

func (p *practice) tar(names []string, files map[string][]byte) []byte {
	p.t.Helper()
	var out bytes.Buffer
	sealed, err := age.Encrypt(&out, p.vault.Recipient(), p.secrets.Verify.Recipient())
	must(p.t, err)
	w := tar.NewWriter(sealed)
	for _, name := range names {
		data, ok := files[name]
		if !ok {
			continue
		}
		must(p.t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(data)), Mode: 0o600}))
		_, err := w.Write(data)
		must(p.t, err)
	}
	must(p.t, errors.Join(w.Close(), sealed.Close()))
	return out.Bytes()
}
