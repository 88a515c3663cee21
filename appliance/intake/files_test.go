package intake_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

func endless() (io.Reader, error) { return zeros{}, nil }

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func bytesOf(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// blobFiles are all files below blobs/, half-written ones too.
func blobFiles(t testing.TB, o *office) (names []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(o.dir, store.BlobDir), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// contents reads a file of an opened record, in it or beside it.
func (o *office) contents(t testing.TB, e message.Envelope, f message.File) []byte {
	t.Helper()
	if f.Blob == "" {
		return f.Data
	}
	reader, err := o.vault.Reader()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range e.Parts {
		if p.ID != f.Blob {
			continue
		}
		r, err := reader.Blob(e.ID, p, f.Key)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		all, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	t.Fatalf("no part is the blob %s", f.Blob)
	return nil
}

type closer struct {
	io.Reader
	closed bool
}

func (c *closer) Close() error {
	c.closed = true
	return nil
}

func TestSmallFilesLieInTheRecordAndLargeOnesBesideIt(t *testing.T) {
	o := open(t)
	stream := &closer{Reader: bytes.NewReader(bytesOf(9, 3<<20))}
	sizes := []int{0, 1, message.InlineLimit, message.InlineLimit + 1, 1 << 20}
	in := refill()
	for i, n := range sizes {
		in.Files = append(in.Files, intake.Attachment{Name: message.Clear(fmt.Sprintf("f%d.bin", i)), Type: "application/x-test", Role: message.RoleAttachment, Data: bytesOf(uint64(i), n)})
	}
	in.Files = append(in.Files, intake.Attachment{Name: "s", Role: message.RoleOriginal, Open: func() (io.Reader, error) { return stream, nil }})
	r := o.take(t, in)
	e, rec := o.envelope(t, r.ID), o.record(t, r.ID)
	if len(rec.Files) != 6 || len(e.Parts) != 1+3 || !stream.closed {
		t.Fatalf("%d files in %d parts, closed %v", len(rec.Files), len(e.Parts), stream.closed)
	}
	for i, n := range append(sizes, 3<<20) {
		f := rec.Files[i]
		want := bytesOf(uint64(i), n)
		if i == len(sizes) {
			want = bytesOf(9, n)
		}
		if (f.Blob != "") != (n > message.InlineLimit) || f.Size != int64(n) {
			t.Errorf("file %d of %d bytes: blob %q, size %d", i, n, f.Blob, f.Size)
		}
		sum := sha256.Sum256(want)
		if !bytes.Equal(o.contents(t, e, f), want) || f.Bytes != hex.EncodeToString(sum[:]) {
			t.Errorf("file %d is not what was sent", i)
		}
	}
	for _, p := range e.Parts[1:] {
		if p.Kind != message.PartBlob || len(p.Commitment) != 64 || p.Epoch != "" {
			t.Errorf("a part is %+v", p)
		}
	}
}

func TestManySmallFilesDoNotMakeARecordTooLarge(t *testing.T) {
	o := open(t)
	in := refill()
	in.Text = message.Clear(strings.Repeat("<", message.InlineLimit)) // six letters each in JSON
	in.Form["reason"] = message.Clear(strings.Repeat("<", 10_000))
	for i := range intake.MaxFiles {
		name := message.Clear(strings.Repeat("é", 300))
		in.Files = append(in.Files, intake.Attachment{Name: name, Type: "image/tiff", Role: message.RoleAttachment, Data: bytesOf(uint64(i), message.InlineLimit)})
	}
	r := o.take(t, in)
	e, rec := o.envelope(t, r.ID), o.record(t, r.ID)
	inline := 0
	for i, f := range rec.Files {
		if !bytes.Equal(o.contents(t, e, f), bytesOf(uint64(i), message.InlineLimit)) {
			t.Errorf("file %d is not what was sent", i)
		}
		if f.Blob == "" {
			inline++
		}
	}
	if inline != 4 {
		t.Errorf("%d files lie in the record", inline)
	}
}

func TestALongTextIsABlobWithItsBeginningInTheRecord(t *testing.T) {
	o := open(t)
	text := strings.Repeat("é", message.InlineLimit) // two bytes each
	in := intake.Taking{Type: message.TypeOther, Channel: message.ChannelMail, Device: "d-pbx", Text: message.Clear("x" + text)}
	r := o.take(t, in)
	e, rec := o.envelope(t, r.ID), o.record(t, r.ID)
	if len(rec.Files) != 1 || rec.Files[0].Role != message.RoleText || string(o.contents(t, e, rec.Files[0])) != "x"+text {
		t.Fatal("the whole text is not a file of the message")
	}
	if head := rec.Text.Reveal(); !strings.HasPrefix("x"+text, head) || len(head) < 4000 || len(head) > 4096 {
		t.Errorf("the record begins with %d bytes of it", len(head))
	}
}

func TestAFileThatCannotBeReadLeavesNothing(t *testing.T) {
	o := open(t)
	broken := errors.New("the cable was pulled")
	large := intake.Attachment{Role: message.RoleAttachment, Data: make([]byte, 1<<20)}
	for name, bad := range map[string]func() (io.Reader, error){
		"on opening":     func() (io.Reader, error) { return nil, broken },
		"at once":        func() (io.Reader, error) { return failing(0, broken), nil },
		"in the middle":  func() (io.Reader, error) { return failing(1<<20, broken), nil },
		"after the head": func() (io.Reader, error) { return failing(message.InlineLimit, broken), nil },
	} {
		in := refill()
		in.Files = []intake.Attachment{large, {Role: message.RoleAttachment, Open: bad}}
		if _, err := o.intake.Take(t.Context(), in); !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := o.count(t, store.EnvelopeBucket) + len(blobFiles(t, o)); n > 0 {
		t.Errorf("%d things are left", n)
	}
}

func failing(after int64, err error) io.Reader {
	return io.MultiReader(io.LimitReader(zeros{}, after), errorReader{err})
}

type errorReader struct{ err error }

func (e errorReader) Read([]byte) (int, error) { return 0, e.err }

func TestAMailAsItCameHasALimitOfItsOwn(t *testing.T) {
	o := open(t)
	half := func() (io.Reader, error) { return io.LimitReader(zeros{}, intake.MaxTotal-1024), nil }
	whole := func() (io.Reader, error) { return io.LimitReader(zeros{}, intake.MaxOriginal), nil }
	in := intake.Taking{Type: message.TypeOther, Channel: message.ChannelMail, Device: "d-pbx", Files: []intake.Attachment{
		{Role: message.RoleOriginal, Open: whole}, {Role: message.RoleAttachment, Open: half}}}
	o.take(t, in)
	in.Files[0].Open = endless
	var invalid *intake.Invalid
	if _, err := o.intake.Take(t.Context(), in); !errors.As(err, &invalid) {
		t.Errorf("a mail without an end: %v", err)
	}
}

func TestNamesAndTypesOfFilesAreMadeHarmless(t *testing.T) {
	o := open(t)
	for in, want := range map[[2]string][2]string{
		{"a.pdf", "application/pdf"}:                             {"a.pdf", "application/pdf"},
		{`C:\Users\Ana\scan 1.TIF`, "IMAGE/TIFF; name=\"x y\""}:  {"scan 1.TIF", "image/tiff"},
		{"bill\u202efdp.exe", "text"}:                            {"billfdp.exe", "application/octet-stream"},
		{"../../etc/passwd", "text"}:                             {"passwd", "application/octet-stream"},
		{"a\x00\x1b[2Jb\r\n.txt", ""}:                            {"a[2Jb.txt", "application/octet-stream"},
		{"", "text/plain; charset=\"unclosed"}:                   {"", "text/plain"},
		{strings.Repeat("n", 300) + ".wav", "audio/x-wav; a; b"}: {strings.Repeat("n", 251) + ".wav", "audio/x-wav"},
		{"caf\xe9.txt", "a/b/c/d"}:                               {"caf\uFFFD.txt", "application/octet-stream"},
	} {
		taking := refill()
		taking.Files = []intake.Attachment{{Name: message.Clear(in[0]), Type: in[1], Role: message.RoleAttachment, Data: []byte("x")}}
		f := o.record(t, o.take(t, taking).ID).Files[0]
		if f.Name.Reveal() != want[0] || f.Type != want[1] {
			t.Errorf("%q %q is kept as %q %q", in[0], in[1], f.Name.Reveal(), f.Type)
		}
	}
}
