package store

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// tempMark stands in the name of a file that is still being written. One that a
// crash left behind may be removed.
const tempMark = ".tmp-"

// IsTemp says whether a name is that of a file that a crash left half written.
func IsTemp(name string) bool {
	return strings.HasPrefix(name, ".") && strings.Contains(name, tempMark)
}

// WriteFile puts data into a file so that after any crash there is the old file
// or the new one, whole: a temporary file, fsync, rename, fsync of the folder.
func WriteFile(path string, data []byte, perm fs.FileMode) error {
	return writeDurably(path, perm, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

func writeDurably(path string, perm fs.FileMode, write func(io.Writer) error) (err error) {
	defer func() {
		if isFull(err) {
			err = fmt.Errorf("%w: %w", ErrFull, err)
		}
	}()
	dir := filepath.Dir(path)
	suffix := make([]byte, 8)
	if _, err := rand.Read(suffix); err != nil {
		return fmt.Errorf("naming a temporary file: %w", err)
	}
	temp := filepath.Join(dir, "."+filepath.Base(path)+tempMark+hex.EncodeToString(suffix))
	if err := writeTemp(temp, perm, write); err != nil {
		os.Remove(temp)
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(temp, path); err != nil {
		os.Remove(temp)
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	return SyncDir(dir)
}

func writeTemp(temp string, perm fs.FileMode, write func(io.Writer) error) error {
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Overwrite puts zeros over a file's contents where they lie, and fsyncs. A file
// that is not there is no error. What a disk keeps of overwritten blocks (flash,
// a copying file system) is beyond it: that is why only files that are short and
// themselves sealed depend on it.
func Overwrite(path string) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("overwriting %s: %w", filepath.Base(path), err)
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = fmt.Errorf("overwriting %s: %w", filepath.Base(path), err)
		}
	}()
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	zeros := make([]byte, 32<<10)
	for at := int64(0); at < fi.Size(); at += int64(len(zeros)) {
		n := min(int64(len(zeros)), fi.Size()-at)
		if _, err := f.WriteAt(zeros[:n], at); err != nil {
			return err
		}
	}
	return f.Sync()
}

// Remove removes a file and fsyncs its folder. A file that is not there is no
// error.
func Remove(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("removing %s: %w", filepath.Base(path), err)
	}
	return SyncDir(filepath.Dir(path))
}

// Destroy overwrites a file, then removes it. Done again after a crash it ends
// the same way.
func Destroy(path string) error {
	if err := Overwrite(path); err != nil {
		return err
	}
	return Remove(path)
}
