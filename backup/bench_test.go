package backup

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jonboulle/clockwork"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

const benchMessages = 10_000

// crowd takes many messages in at once, each tenth with a voicemail of 80 KB.
func (p *practice) crowd(count int) {
	p.t.Helper()
	voicemail := bytes.Repeat([]byte("ring"), 20<<10)
	for done := 0; done < count; {
		var envelopes []message.Envelope
		var packs []vault.Pack
		for len(packs) < 100 && done < count {
			e, pack := p.seal(fmt.Sprintf("call %d: the pharmacy asks back", done), voicemail, done%10 == 0)
			envelopes, packs = append(envelopes, e), append(packs, pack)
			done++
		}
		p.update(func(tx *store.Tx) error {
			for i, e := range envelopes {
				n, err := store.NextNumber(tx)
				e.Number = n
				if err := errors.Join(err, vault.PutPack(tx, packs[i]), store.PutEnvelope(tx, e)); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func (p *practice) seal(text string, voicemail []byte, withFile bool) (message.Envelope, vault.Pack) {
	p.t.Helper()
	id, err := message.NewID()
	must(p.t, err)
	rec := message.Record{Message: id, Kind: message.PartRecord, Form: map[string]message.Clear{"name": "Ana Ruiz"}, Text: message.Clear(text)}
	var parts []message.Part
	if withFile {
		blob, key, sum, size, err := p.vault.SealBlob(p.t.Context(), bytes.NewReader(voicemail))
		must(p.t, err)
		rec.Files = []message.File{{Name: "voicemail.wav", Type: "audio/wav", Role: message.RoleAttachment, Size: size, Blob: blob.ID, Key: key, Bytes: sum}}
		parts = append(parts, blob)
	}
	pack, err := p.vault.SealRecord(p.t.Context(), rec)
	must(p.t, err)
	return message.Envelope{ID: id, ReceivedAt: p.clock.Now().UTC(), Channel: message.ChannelDesk, CallType: message.TypeRefill,
		Status: message.New, Team: message.Everybody, Protocol: 1, Parts: append([]message.Part{pack.Part}, parts...)}, pack
}

// benchPractice is a practice of 10,000 messages whose backups are timed by the
// real clock.
func benchPractice(b *testing.B) *practice {
	p := newPractice(b)
	p.crowd(benchMessages)
	p.backup.o.Clock = clockwork.NewRealClock()
	return p
}

// BenchmarkBackup takes a first backup of 10,000 messages and an hourly one after
// it, beside tar and age over the same data folder (in this process, fsynced).
func BenchmarkBackup(b *testing.B) {
	p := benchPractice(b)
	var first, hourly, proof, plain time.Duration
	for b.Loop() {
		must(b, errors.Join(os.RemoveAll(p.target), os.Mkdir(p.target, 0o700)))
		began := time.Now()
		point, err := p.backup.Now(b.Context(), p.target, nil)
		must(b, err)
		first += time.Since(began) - point.Proof.Took
		began = time.Now()
		point, err = p.backup.Now(b.Context(), p.target, nil)
		must(b, err)
		hourly += time.Since(began) - point.Proof.Took
		proof += point.Proof.Took
		began = time.Now()
		tarAge(b, p, filepath.Join(b.TempDir(), "plain.tar.age"))
		plain += time.Since(began)
	}
	report(b, map[string]time.Duration{"first-ms": first, "hourly-ms": hourly, "proof-ms": proof, "tar+age-ms": plain})
	b.ReportMetric(float64(first)/float64(plain), "first/tar+age")
}

// BenchmarkRestore restores 10,000 messages, and verifies them with every part
// opened, beside age and tar on the same bytes.
func BenchmarkRestore(b *testing.B) {
	p := benchPractice(b)
	_, err := p.backup.Now(b.Context(), p.target, nil)
	must(b, err)
	sealed := filepath.Join(b.TempDir(), "plain.tar.age")
	tarAge(b, p, sealed)
	var restore, verify, plain time.Duration
	for b.Loop() {
		began := time.Now()
		_, err := p.restore(filepath.Join(b.TempDir(), "data"))
		must(b, err)
		restore += time.Since(began)
		began = time.Now()
		_, err = Verify(b.Context(), VerifyOptions{From: p.target, Identities: p.ids(), Scratch: b.TempDir()})
		must(b, err)
		verify += time.Since(began)
		began = time.Now()
		untarAge(b, p, sealed, b.TempDir())
		plain += time.Since(began)
	}
	report(b, map[string]time.Duration{"restore-ms": restore, "verify-ms": verify, "age+tar-ms": plain})
	b.ReportMetric(float64(restore)/float64(plain), "restore/age+tar")
}

func report(b *testing.B, times map[string]time.Duration) {
	for unit, d := range times {
		b.ReportMetric(float64(d.Milliseconds())/float64(b.N), unit)
	}
}

// tarAge is what somebody without Nightbell would do: tar DATA | age > FILE.
func tarAge(b *testing.B, p *practice, to string) {
	b.Helper()
	file, err := os.Create(to)
	must(b, err)
	sealed, err := age.Encrypt(file, p.vault.Recipient(), p.secrets.Verify.Recipient())
	must(b, err)
	w := tar.NewWriter(sealed)
	must(b, filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return addFile(w, p.dir, path)
	}))
	must(b, errors.Join(w.Close(), sealed.Close(), file.Sync(), file.Close()))
}

func addFile(w *tar.Writer, dir, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	name, err := filepath.Rel(dir, path)
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: info.Size(), Mode: 0o600}); err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return err
}

// untarAge is age -d FILE | tar -x, each file fsynced, as a restore does.
func untarAge(b *testing.B, p *practice, from, to string) {
	b.Helper()
	file, err := os.Open(from)
	must(b, err)
	defer file.Close()
	clear, err := age.Decrypt(file, p.secrets.Verify)
	must(b, err)
	r := tar.NewReader(clear)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		must(b, err)
		path := filepath.Join(to, h.Name)
		must(b, os.MkdirAll(filepath.Dir(path), 0o700))
		f, err := os.Create(path)
		must(b, err)
		_, err = io.Copy(f, r)
		must(b, errors.Join(err, f.Sync(), f.Close()))
	}
}
