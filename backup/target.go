package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"nightbell/appliance/store"
)

// target is a folder that holds a backup: a second disk, a USB stick, a mounted
// share. Files appear under their names whole or not at all.
type target struct {
	dir string
	// step is called before each thing that is done to the folder; tests end the
	// process there. It is nil in the product.
	step func(what string)

	renamed map[string]bool // folders whose new names are not durable yet: see flush
}

// ErrMissing says that the target folder is not there: an unplugged disk, a
// share that is not mounted.
var ErrMissing = errors.New("the backup folder is not there")

// tempPrefix begins the names of files that are not whole yet. What carries it
// inside our folders is swept at the next run.
const tempPrefix = ".nightbell-part-"

// openTarget answers the folder, which must exist: to make it would fill the
// empty mount point of a disk that is not plugged in.
func openTarget(dir string, step func(string)) (*target, error) {
	if step == nil {
		step = func(string) {}
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s (plug the disk in, or make the folder)", ErrMissing, dir)
	case err != nil:
		return nil, fmt.Errorf("looking at the backup folder: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is a file, not a folder for backups", dir)
	}
	return &target{dir: dir, step: step, renamed: map[string]bool{}}, nil
}

// path answers where a name of the manifest lies on this machine.
func (t *target) path(name string) string { return filepath.Join(t.dir, filepath.FromSlash(name)) }

// manifest reads and checks the folder's manifest; it answers errNoBackup where
// there is none.
func (t *target) manifest() (Manifest, []byte, error) {
	raw, err := t.readSmall(ManifestName, maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, nil, errNoBackup
	}
	if err != nil {
		return Manifest{}, nil, badBy(err, ManifestName, "cannot be read")
	}
	m, err := decodeManifest(raw)
	return m, raw, err
}

// manifestOf reads the manifest of a folder; false where no backup was taken yet.
func manifestOf(dir string) (m Manifest, taken bool, err error) {
	t, err := openTarget(dir, nil)
	if err != nil {
		return m, false, err
	}
	m, _, err = t.manifest()
	if errors.Is(err, errNoBackup) {
		return m, false, nil
	}
	return m, err == nil, err
}

// open opens a file of the folder. Whoever else writes there may have laid
// something in its place that never ends, or that waits for a writer.
func (t *target) open(name string) (*os.File, error) { return openPlain(t.path(name), name) }

func openPlain(path, name string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, bad(name, "is not a file")
	}
	return os.Open(path)
}

// readSmall reads a file that fits into memory: none of ours is larger than limit.
func (t *target) readSmall(name string, limit int64) ([]byte, error) {
	file, err := t.open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, bad(name, "is larger than any of ours")
	}
	return io.ReadAll(io.LimitReader(file, limit))
}

// has says whether a file lies there with the size it should have. Whether its
// bytes are right is for a proof to say.
func (t *target) has(f File) bool {
	info, err := os.Lstat(t.path(f.Path))
	return err == nil && info.Mode().IsRegular() && info.Size() == f.Size
}

// errDiffers says that what was read is not what its hash says.
var errDiffers = errors.New("its bytes are not what they should be")

// put writes a file under its name and answers what it wrote. Its bytes are
// durable then, its name after the next flush: many files share that. Where a
// SHA-256 is given (hex), nothing else gets the name: errDiffers.
func (t *target) put(ctx context.Context, name string, src io.Reader, want string, done func(int64)) (File, error) {
	t.step("write " + name)
	final := t.path(name)
	if err := t.mkdir(filepath.Dir(final)); err != nil {
		return File{}, err
	}
	tmp, err := os.CreateTemp(filepath.Dir(final), tempPrefix)
	if err != nil {
		return File{}, fmt.Errorf("writing %s: %w", name, err)
	}
	sum := newSum(src)
	_, err = io.Copy(tmp, &counted{ctx: ctx, r: sum, done: done})
	if got := sum.hex(); err == nil && want != "" && got != want {
		err = errDiffers
	}
	t.step("sync " + name)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		t.step("rename " + name)
		err = os.Rename(tmp.Name(), final)
	}
	if err != nil {
		return File{}, fmt.Errorf("writing %s: %w", name, errors.Join(err, removeQuietly(tmp.Name())))
	}
	t.renamed[filepath.Dir(final)] = true
	return File{Path: name, Size: sum.n, SHA256: sum.hex()}, nil
}

// flush makes the names of all files that were put durable. It comes before the
// manifest that relies on them, and after it.
func (t *target) flush() error {
	for dir := range t.renamed {
		t.step("sync a folder")
		if err := store.SyncDir(dir); err != nil {
			return fmt.Errorf("syncing a folder of the backup: %w", err)
		}
		delete(t.renamed, dir)
	}
	return nil
}

// mkdir makes a folder of ours and sees that its name is durable too.
func (t *target) mkdir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if dir != t.dir {
		if err := t.mkdir(filepath.Dir(dir)); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("making a folder for the backup: %w", err)
	}
	return store.SyncDir(filepath.Dir(dir))
}

// remove takes files away that a manifest named as ours, and the folders that
// are empty without them.
func (t *target) remove(names ...string) error {
	for _, name := range names {
		t.step("remove " + name)
		if err := os.Remove(t.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing %s: %w", name, err)
		}
	}
	return nil
}

// sweepParts removes what interrupted runs left half written, in our folders only.
func (t *target) sweepParts() error {
	dirs := []string{t.dir, t.path("keys"), t.path("epochs"), t.path("snapshots")}
	blobs, err := filepath.Glob(t.path("blobs/[0-9a-f][0-9a-f]"))
	if err != nil {
		return fmt.Errorf("looking for what was left half written: %w", err)
	}
	for _, dir := range append(dirs, blobs...) {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("looking for what was left half written: %w", err)
		}
		for _, e := range entries {
			if e.Type().IsRegular() && strings.HasPrefix(e.Name(), tempPrefix) {
				if err := removeQuietly(filepath.Join(dir, e.Name())); err != nil {
					return fmt.Errorf("sweeping what was left half written: %w", err)
				}
			}
		}
	}
	return nil
}

func removeQuietly(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// summed reads through a SHA-256.
type summed struct {
	r   io.Reader
	h   hash.Hash
	n   int64
	err error // of the reading, other than its end
}

func newSum(r io.Reader) *summed { return &summed{r: r, h: sha256.New()} }

func (s *summed) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.h.Write(p[:n])
	s.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

func (s *summed) hex() string { return hex.EncodeToString(s.h.Sum(nil)) }

// counted reads until the context ends, and tells how far it came.
type counted struct {
	ctx  context.Context
	r    io.Reader
	done func(int64)
}

func (c *counted) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	if c.done != nil {
		c.done(int64(n))
	}
	return n, err
}
