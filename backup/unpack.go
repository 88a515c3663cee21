package backup

import (
	"archive/tar"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"

	"filippo.io/age"

	"nightbell/appliance/store"
)

// Limits for what is held in memory while a snapshot is read. Ours are far below.
const (
	maxPack     = 1 << 20 // a change of the store holds no more
	maxSlot     = 64 << 10
	maxSecrets  = 1 << 20
	maxManifest = 1 << 28 // of a target: 200 bytes a blob
	maxContents = 1 << 30 // 150 bytes an entry
)

// sink takes what a snapshot holds. Nothing it was given counts until unpack
// answers without an error.
type sink struct {
	entry func(bucket, key string, value []byte) error
	file  func(name string, data []byte) error // slots and secrets.json, by their path in a data folder
}

// snapshotFile is a snapshot on a target with what opens it.
type snapshotFile struct {
	path  string // on this machine
	name  string // on the target, for people
	point Point
	ids   []age.Identity
	done  func(int64)
}

// unpack reads the whole snapshot once: its bytes against the point's SHA-256,
// its entries against its own manifest. The error is a *BadObject unless the
// sink or the context failed.
func (f snapshotFile) unpack(ctx context.Context, to sink) (Contents, error) {
	file, err := openPlain(f.path, f.name)
	if errors.Is(err, os.ErrNotExist) {
		return Contents{}, badBy(err, f.name, "is missing")
	}
	if err != nil {
		return Contents{}, badBy(err, f.name, "cannot be read")
	}
	defer file.Close()
	raw := newSum(&counted{ctx: ctx, r: bufio.NewReaderSize(file, 256<<10), done: f.done})
	c, err := f.read(ctx, raw, to)
	if ctx.Err() != nil || isSinkError(err) {
		return Contents{}, err
	}
	// What is wrong inside matters only when the file is the one that was
	// written: read it to its end and say what a person can act on first.
	if _, rest := io.Copy(io.Discard, raw); rest != nil {
		return Contents{}, badBy(rest, f.name, "cannot be read to its end")
	}
	switch {
	case raw.n < f.point.Size:
		return Contents{}, bad(f.name, "is cut short: %d of %d bytes are there", raw.n, f.point.Size)
	case raw.n != f.point.Size || raw.hex() != f.point.SHA256:
		return Contents{}, bad(f.name, "is damaged: it is not what was written")
	}
	return c, err
}

func (f snapshotFile) read(ctx context.Context, raw io.Reader, to sink) (Contents, error) {
	clear, err := age.Decrypt(raw, f.ids...)
	var none *age.NoIdentityMatchError
	switch {
	case errors.As(err, &none):
		return Contents{}, badBy(err, f.name, "is not opened by this key: it was sealed to another practice")
	case err != nil:
		return Contents{}, badBy(err, f.name, "is damaged at its beginning")
	}
	u := unpacker{name: f.name, to: to}
	c, err := u.all(ctx, tar.NewReader(clear))
	if err != nil {
		return Contents{}, err
	}
	if _, err := io.Copy(io.Discard, clear); err != nil { // the seal covers the end too
		return Contents{}, badBy(err, f.name, "is damaged at its end")
	}
	if c.At.UTC() != f.point.At.UTC() || c.Seq != f.point.Seq || c.Audit != f.point.Audit {
		return Contents{}, bad(f.name, "is a snapshot of another moment")
	}
	return c, nil
}

// unpacker reads the entries of one snapshot.
type unpacker struct {
	name     string // of the snapshot
	to       sink
	entries  []Entry
	contents *Contents
}

// sinkError marks a failure on our side, which says nothing about the snapshot.
type sinkError struct{ error }

func (e sinkError) Unwrap() error { return e.error }

func isSinkError(err error) bool {
	var s sinkError
	return errors.As(err, &s)
}

var (
	bucketEntry = regexp.MustCompile(`\Abuckets/([a-z0-9_-]{1,64})\.jsonl\z`)
	packEntry   = regexp.MustCompile(`\Apacks/([0-9a-f-]{36})\.age\z`)
	slotEntry   = regexp.MustCompile(`\Akeys/(recovery|staff-[a-z0-9-]{1,64})\.age\z`)
)

func (u *unpacker) all(ctx context.Context, t *tar.Reader) (Contents, error) {
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Contents{}, badBy(err, u.name, "is damaged: it cannot be unpacked")
		}
		if u.contents != nil {
			return Contents{}, bad(u.name, "holds something after its own manifest")
		}
		sum := newSum(&counted{ctx: ctx, r: t})
		if err := u.entry(h, sum); err != nil {
			return Contents{}, err
		}
		if _, err := io.Copy(io.Discard, sum); err != nil {
			return Contents{}, badBy(err, within(u.name, h.Name), "cannot be read to its end")
		}
		u.entries = append(u.entries, Entry{Name: h.Name, Size: sum.n, SHA256: sum.hex()})
	}
	if u.contents == nil {
		return Contents{}, bad(within(u.name, contentsName), "is missing")
	}
	return *u.contents, u.compare()
}

func (u *unpacker) entry(h *tar.Header, r io.Reader) error {
	at := within(u.name, h.Name)
	if h.Typeflag != tar.TypeReg {
		return bad(u.name, "holds something that is no file")
	}
	if m := bucketEntry.FindStringSubmatch(h.Name); m != nil {
		err := readLines(r, func(key string, value []byte) error {
			return asSinkError(u.to.entry(m[1], key, value))
		})
		if err != nil && !isSinkError(err) {
			return badBy(err, at, "cannot be read: %v", err)
		}
		return err
	}
	if m := packEntry.FindStringSubmatch(h.Name); m != nil {
		return u.small(r, at, maxPack, func(data []byte) error { return u.to.entry(store.PackBucket, m[1], data) })
	}
	switch {
	case slotEntry.MatchString(h.Name):
		return u.small(r, at, maxSlot, func(data []byte) error { return u.to.file(h.Name, data) })
	case h.Name == secretsName:
		return u.small(r, at, maxSecrets, func(data []byte) error { return u.to.file(h.Name, data) })
	case h.Name == contentsName:
		return u.small(r, at, maxContents, u.readContents)
	}
	return bad(u.name, "holds a file that no snapshot of ours has")
}

func (u *unpacker) small(r io.Reader, at string, limit int64, use func([]byte) error) error {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return badBy(err, at, "cannot be read to its end")
	}
	if int64(len(data)) > limit {
		return bad(at, "is larger than any of ours")
	}
	var inner *BadObject
	if err := use(data); errors.As(err, &inner) {
		return err
	} else {
		return asSinkError(err)
	}
}

func (u *unpacker) readContents(data []byte) error {
	var c Contents
	at := within(u.name, contentsName)
	if err := json.Unmarshal(data, &c); err != nil {
		return badBy(err, at, "cannot be read")
	}
	if c.Format > Format {
		return bad(at, "has format %d, this program knows up to %d: use a newer nightbell", c.Format, Format)
	}
	u.contents = &c
	return nil
}

// compare holds what came against what the snapshot's manifest says.
func (u *unpacker) compare() error {
	came := u.entries[:len(u.entries)-1] // the last is the manifest itself
	listed := make(map[string]Entry, len(u.contents.Entries))
	for _, e := range u.contents.Entries {
		listed[e.Name] = e
	}
	for _, e := range came {
		if listed[e.Name] != e {
			return bad(within(u.name, e.Name), "is not what the snapshot's manifest says")
		}
		delete(listed, e.Name)
	}
	for name := range listed {
		return bad(within(u.name, name), "is missing")
	}
	return nil
}

func asSinkError(err error) error {
	if err == nil {
		return nil
	}
	return sinkError{err}
}
