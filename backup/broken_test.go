package backup

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nightbell/crypto"
)

// broken is one way in which a backup can be bad, and what is said of it.
type broken struct {
	change func(p *practice)
	name   string // of the object that both verify and restore must name; "*" stands for an id
	what   string // words that must be among the rest
	// restores says that a restore does not look, or has another way.
	restores bool
}

func brokenBackups() map[string]broken {
	return map[string]broken{
		"the manifest is missing": {
			change: func(p *practice) { must(p.t, os.Remove(p.file(ManifestName))) }, name: ManifestName, what: "is missing"},
		"the manifest is cut short": {
			change: func(p *practice) { p.cut(ManifestName, 300) }, name: ManifestName, what: "cut short"},
		"a bit of the manifest is flipped": {
			change: func(p *practice) { p.edit(ManifestName, `"messages":4`, `"messages":5`) }, name: ManifestName, what: "signature does not match"},
		"the manifest's signature is another's": {
			change: func(p *practice) {
				_, key, err := ed25519.GenerateKey(nil)
				must(p.t, err)
				p.secrets.BackupSigning = key
				p.resign(func(*Manifest) {})
			}, name: ManifestName, what: "signature does not match"},
		"the whole target was forged and signed with another key": {
			change: func(p *practice) {
				public, key, err := ed25519.GenerateKey(nil)
				must(p.t, err)
				p.secrets.BackupSigning = key
				p.resign(func(m *Manifest) { m.SigningKey = public })
			}, name: ManifestName, what: "another key than the one on the recovery kit"},
		"the manifest has a newer format": {
			change: func(p *practice) { p.resign(func(m *Manifest) { m.Format = Format + 1 }) }, name: ManifestName, what: "use a newer nightbell"},
		"the manifest names a file outside the target": {
			change: func(p *practice) {
				p.resign(func(m *Manifest) { m.Files = append(m.Files, File{Path: "epochs/../../../etc/passwd"}) })
			}, name: ManifestName, what: "no backup of ours"},
		"the manifest names no point": {
			change: func(p *practice) { p.resign(func(m *Manifest) { m.Points = nil }) }, name: ManifestName, what: "no backup was finished"},
		"another manifest lies there": {
			change: func(p *practice) { must(p.t, os.WriteFile(p.file(ManifestName), []byte("{}"), 0o600)) }, name: ManifestName, what: "not a signed manifest"},

		"the kit is another practice's": {
			change: func(p *practice) { p.kit = otherKit(p) }, name: recoveryPath, what: "does not open it"},
		"the recovery slot is missing": {
			change: func(p *practice) { must(p.t, os.Remove(p.file(recoveryPath))) }, name: recoveryPath, what: "is missing"},
		"the recovery slot is cut short": {
			change: func(p *practice) { p.cut(recoveryPath, 100) }, name: recoveryPath, what: "cut short"},
		"a bit of the recovery slot is flipped": {
			change: func(p *practice) { flip(p.t, p.file(recoveryPath), -3) }, name: recoveryPath, what: "damaged"},

		"the snapshot is missing": {
			change: func(p *practice) { must(p.t, os.Remove(p.newest())) }, name: "snapshots/*.tar.age", what: "is missing"},
		"the snapshot is cut short": {
			change: func(p *practice) { p.cut(p.newestName(), 5000) }, name: "snapshots/*.tar.age", what: "cut short: 5000 of"},
		"the snapshot is empty": {
			change: func(p *practice) { p.cut(p.newestName(), 0) }, name: "snapshots/*.tar.age", what: "cut short: 0 of"},
		"a bit of the snapshot's seal is flipped": {
			change: func(p *practice) { flip(p.t, p.newest(), 40) }, name: "snapshots/*.tar.age", what: "damaged"},
		"a bit of the snapshot's contents is flipped": {
			change: func(p *practice) { flip(p.t, p.newest(), 9000) }, name: "snapshots/*.tar.age", what: "damaged"},
		"the snapshot is an older one": {
			change: func(p *practice) { p.swapSnapshots() }, name: "snapshots/*.tar.age", what: "is "},
		"the snapshot is another practice's": {
			change: func(p *practice) { p.foreignSnapshot() }, name: "snapshots/*.tar.age", what: "sealed to another practice"},

		"an epoch is missing": {
			change: func(p *practice) { must(p.t, os.Remove(p.any("epochs/*.calls.????.age"))) }, name: "epochs/*.age", what: "is missing", restores: true},
		"an epoch is missing with its copy": {
			change: func(p *practice) {
				must(p.t, os.Remove(p.any("epochs/*.calls.????.age")))
				must(p.t, os.Remove(p.any("epochs/*.copy.age")))
			}, name: "epochs/*.age", what: "is missing"},
		"a bit of an epoch's copy is flipped": {
			change: func(p *practice) { flip(p.t, p.any("epochs/*.copy.age"), -2) }, name: "epochs/*.copy.age", what: "damaged", restores: true},

		"a blob is missing": {
			change: func(p *practice) { must(p.t, os.Remove(p.any("blobs/*/*.age"))) }, name: "blobs/*.age", what: "is missing"},
		"a blob is cut short": {
			change: func(p *practice) { must(p.t, os.Truncate(p.any("blobs/*/*.age"), 777)) }, name: "blobs/*.age", what: "cut short: 777 of"},
		"a bit of a blob is flipped": {
			change: func(p *practice) { flip(p.t, p.any("blobs/*/*.age"), 777) }, name: "blobs/*.age", what: "damaged"},
		"the manifest does not name a blob": {
			change: func(p *practice) {
				p.resign(func(m *Manifest) {
					m.Files = slices.DeleteFunc(m.Files, func(f File) bool { return strings.HasPrefix(f.Path, "blobs/") })
				})
			}, name: "blobs/*.age", what: "does not name it"},

		"a pack inside the snapshot is missing": {
			change: func(p *practice) { p.craft(false, func(f map[string][]byte) { delete(f, firstOf(f, packsFolder)) }) }, name: "snapshots/*.tar.age: packs/*.age", what: "is missing"},
		"a pack is missing and nothing inside says so": {
			change: func(p *practice) { p.craft(true, func(f map[string][]byte) { delete(f, firstOf(f, packsFolder)) }) }, name: "snapshots/*.tar.age: packs/*.age", what: "is missing"},
		"a pack inside the snapshot was exchanged": {
			change: func(p *practice) { p.craft(false, func(f map[string][]byte) { f[firstOf(f, packsFolder)][900] ^= 1 }) }, name: "snapshots/*.tar.age: packs/*.age", what: "not what the snapshot's manifest says"},
		"two packs were exchanged and nothing but their commitments says so": {
			change: func(p *practice) { p.craft(true, exchangePacks) }, name: "snapshots/*.tar.age: packs/*.age", what: "message N-", restores: true},
		"an audit record inside was changed": {
			change: func(p *practice) {
				p.craft(true, func(f map[string][]byte) {
					f["buckets/audit-leaves.jsonl"] = bytes.Replace(f["buckets/audit-leaves.jsonl"], []byte(`"received"`), []byte(`"noted"`), 1)
				})
			}, name: "snapshots/*.tar.age: audit log", what: "breaks at record"},
		"a message was slipped in": {
			change: func(p *practice) { p.resign(func(m *Manifest) { m.Points[len(m.Points)-1].Messages = 3 }) }, name: "snapshots/*.tar.age", what: "holds 4 messages, the manifest says 3"},
		"the secrets inside are another machine's": {
			change: func(p *practice) {
				p.craft(true, func(f map[string][]byte) { f[secretsName] = otherSecrets(p) })
			}, name: "snapshots/*.tar.age: secrets.json", what: "another signing key", restores: true /* named by restore alone: see below */},
		"the snapshot's own manifest is missing": {
			change: func(p *practice) { p.craft(false, func(f map[string][]byte) { delete(f, contentsName) }) }, name: "snapshots/*.tar.age: manifest.json", what: "is missing"},
		"the snapshot's own manifest has a newer format": {
			change: func(p *practice) {
				p.craft(false, func(f map[string][]byte) {
					f[contentsName] = bytes.Replace(f[contentsName], []byte(`"format":1`), []byte(`"format":2`), 1)
				})
			}, name: "snapshots/*.tar.age: manifest.json", what: "use a newer nightbell"},
		"the store inside was written by a newer version": {
			change: func(p *practice) {
				p.craft(true, func(f map[string][]byte) { f["buckets/schema.jsonl"] = []byte(`{"key":"version","value":999}` + "\n") })
			}, name: "snapshots/*.tar.age", what: "newer nightbell"},
		"a line of a bucket is no entry": {
			change: func(p *practice) {
				p.craft(true, func(f map[string][]byte) { f["buckets/envelopes.jsonl"] = []byte("Ana Ruiz\n") })
			}, name: "snapshots/*.tar.age: buckets/envelopes.jsonl", what: "line 1"},
	}
}

func TestBrokenBackupsAreNamedAndNothingIsOverwritten(t *testing.T) {
	for name, c := range brokenBackups() {
		t.Run(name, func(t *testing.T) {
			p := newPractice(t)
			p.receive(2)
			p.takeBackup()
			p.receive(2)
			p.takeBackup()
			onlyRestore := strings.HasPrefix(name, "the secrets inside")
			c.change(p)
			before := tree(t, p.target)

			_, err := p.verify()
			if onlyRestore {
				must(t, err)
			} else {
				c.check(t, err)
			}
			to := filepath.Join(t.TempDir(), "data")
			_, err = p.restore(to)
			switch {
			case c.restores && !onlyRestore:
				must(t, err)
			default:
				c.check(t, err)
				checkNoLeftovers(t, filepath.Dir(to))
			}
			if !maps.Equal(before, tree(t, p.target)) {
				t.Error("the target was changed")
			}
		})
	}
}

// Who else may write to a share or a stick must not be able to hold the service
// up, or to have it run out of memory.
func TestWhatStrangersLayOnATargetIsNotReadWithoutEnd(t *testing.T) {
	endless := func(name string) func(p *practice) {
		return func(p *practice) {
			path := p.any(name)
			must(p.t, os.Remove(path))
			must(p.t, os.Symlink("/dev/zero", path))
		}
	}
	for name, c := range map[string]broken{
		"a manifest without end": {change: endless(ManifestName), name: ManifestName, what: "is not a file"},
		"a huge manifest":        {change: func(p *practice) { p.cut(ManifestName, 1<<40) }, name: ManifestName, what: "is larger than any of ours"},
		"a slot without end":     {change: endless(recoveryPath), name: recoveryPath, what: "is not a file"},
		"a huge slot":            {change: func(p *practice) { p.cut(recoveryPath, 1<<40) }, name: recoveryPath, what: "is larger than any of ours"},
		"a snapshot without end": {change: endless("snapshots/*"), name: "snapshots/*.tar.age", what: "is not a file"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPractice(t)
			p.receive(1)
			p.takeBackup()
			c.change(p)
			_, err := p.verify()
			c.check(t, err)
			_, err = p.restore(filepath.Join(t.TempDir(), "data"))
			c.check(t, err)
			if c.name == ManifestName {
				_, err := p.backup.Now(t.Context(), p.target, nil)
				c.check(t, err)
			}
		})
	}
}

func (c broken) check(t *testing.T, err error) {
	t.Helper()
	b := badObject(t, err)
	if !matches(c.name, b.Name) || !strings.Contains(b.What, c.what) {
		t.Errorf("got %q, want %s: … %s …", b.Error(), c.name, c.what)
	}
	if strings.ContainsAny(b.Error(), "\r\n") || strings.Contains(b.Error(), "Ana") {
		t.Errorf("not one clear line: %q", b.Error())
	}
}

// matches compares a name with a pattern whose "*" stands for anything.
func matches(pattern, name string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return name == pattern
	}
	if !strings.HasPrefix(name, first) {
		return false
	}
	for i := len(first); i <= len(name); i++ {
		if matches(rest, name[i:]) {
			return true
		}
	}
	return false
}

func TestARestoreIntoAFolderThatIsNotEmptyIsRefused(t *testing.T) {
	p := newPractice(t)
	p.takeBackup()
	before := tree(t, p.dir)
	if _, err := p.restore(p.dir); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("got %v", err)
	}
	if !maps.Equal(before, tree(t, p.dir)) {
		t.Error("the data folder was changed")
	}
	empty := t.TempDir()
	if _, err := p.restore(empty); err != nil {
		t.Errorf("an empty folder is refused: %v", err)
	}
}

func TestABackupIntoTheDataFolderIsRefused(t *testing.T) {
	p := newPractice(t)
	inside := filepath.Join(p.dir, "backups")
	must(t, os.Mkdir(inside, 0o700))
	if _, err := p.backup.Now(t.Context(), inside, nil); err == nil || !strings.Contains(err.Error(), "inside the data folder") {
		t.Errorf("got %v", err)
	}
}

func (p *practice) file(name string) string {
	return filepath.Join(p.target, filepath.FromSlash(name))
}

// any answers one file of the target that a pattern names.
func (p *practice) any(pattern string) string {
	p.t.Helper()
	list, err := filepath.Glob(p.file(pattern))
	must(p.t, err)
	if len(list) == 0 {
		p.t.Fatalf("no file is named %s", pattern)
	}
	return list[len(list)-1]
}

func (p *practice) newest() string { return p.any("snapshots/*.tar.age") }

func (p *practice) newestName() string { return "snapshots/" + filepath.Base(p.newest()) }

func (p *practice) cut(name string, size int64) { must(p.t, os.Truncate(p.file(name), size)) }

func (p *practice) edit(name, old, new string) {
	data, err := os.ReadFile(p.file(name))
	must(p.t, err)
	changed := bytes.Replace(data, []byte(old), []byte(new), 1)
	if bytes.Equal(changed, data) {
		p.t.Fatalf("%s does not hold %s", name, old)
	}
	must(p.t, os.WriteFile(p.file(name), changed, 0o600))
}

// swapSnapshots puts the older snapshot in the newer one's place.
func (p *practice) swapSnapshots() {
	list, err := filepath.Glob(p.file("snapshots/*"))
	must(p.t, err)
	older, err := os.ReadFile(list[0])
	must(p.t, err)
	must(p.t, os.WriteFile(list[1], older, 0o600))
}

// foreignSnapshot has the manifest name a snapshot that is sealed to others.
func (p *practice) foreignSnapshot() {
	other := newPractice(p.t)
	other.takeBackup()
	data, err := os.ReadFile(other.newest())
	must(p.t, err)
	path := p.newest()
	must(p.t, os.WriteFile(path, data, 0o600))
	p.resign(func(m *Manifest) {
		last := &m.Points[len(m.Points)-1]
		last.Size, last.SHA256 = int64(len(data)), hexSum(data)
	})
}

func otherKit(p *practice) *crypto.Kit {
	kit, err := crypto.NewKit("Another practice", p.clock.Now(), p.kit.Signing)
	must(p.t, err)
	return kit
}

func otherSecrets(p *practice) []byte {
	other := newPractice(p.t)
	data, err := os.ReadFile(filepath.Join(other.dir, "secrets.json"))
	must(p.t, err)
	return data
}

func firstOf(files map[string][]byte, folder string) string {
	names := slices.Sorted(maps.Keys(files))
	i := slices.IndexFunc(names, func(n string) bool { return strings.HasPrefix(n, folder) })
	return names[i]
}

// exchangePacks swaps two packs of the same size.
func exchangePacks(files map[string][]byte) {
	bySize := map[int]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasPrefix(name, packsFolder) {
			continue
		}
		if other, ok := bySize[len(files[name])]; ok {
			files[name], files[other] = files[other], files[name]
			return
		}
		bySize[len(files[name])] = name
	}
}

func TestEveryManifestReadsBackAsItWasWritten(t *testing.T) {
	p := newPractice(t)
	p.receive(3)
	p.takeBackup()
	raw, err := os.ReadFile(p.file(ManifestName))
	must(t, err)
	m, err := decodeManifest(raw)
	must(t, err)
	again, err := m.encode(p.secrets.BackupSigning)
	must(t, err)
	if !bytes.Equal(raw, again) {
		t.Error("written again, the manifest is another")
	}
	if !json.Valid(raw) {
		t.Error("the manifest is no JSON")
	}
	for i := 0; i < len(raw); i += 7 {
		bent := bytes.Clone(raw)
		bent[i] ^= 4
		if _, err := decodeManifest(bent); err == nil {
			t.Fatalf("a manifest with byte %d changed is taken", i)
		}
	}
}
