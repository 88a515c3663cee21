package vault

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"nightbell/appliance/store"
)

const epochsFolder = "epochs"

// makeFolders makes the folders that key files lie in, durably.
func (v *Vault) makeFolders() error {
	for _, name := range []string{keysFolder, epochsFolder} {
		err := os.Mkdir(filepath.Join(v.dir, name), 0o700)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("making the folder %s: %w", name, err)
		}
		if err := store.SyncDir(v.dir); err != nil {
			return fmt.Errorf("making the folder %s: %w", name, err)
		}
	}
	return nil
}

// sweepHalfWritten destroys what a crash left of key files that had not their
// names yet: no intent would ever find them.
func (v *Vault) sweepHalfWritten() error {
	for _, folder := range []string{keysFolder, epochsFolder} {
		entries, err := os.ReadDir(filepath.Join(v.dir, folder))
		if err != nil {
			return fmt.Errorf("sweeping the folder %s: %w", folder, err)
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), ".") || !strings.Contains(e.Name(), ".age.tmp-") {
				continue
			}
			if err := v.destroy(filepath.Join(v.dir, folder, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// EpochPaths are the two files of an epoch in a data folder; either will do.
func EpochPaths(dir, name string) (file, copy string) {
	base := filepath.Join(dir, epochsFolder, name)
	return base + ".age", base + ".copy.age"
}

// writeEpoch makes both files of an epoch durable.
func (v *Vault) writeEpoch(name string, file []byte) error {
	first, second := EpochPaths(v.dir, name)
	if err := store.WriteFile(first, file, 0o600); err != nil {
		return err
	}
	return store.WriteFile(second, file, 0o600)
}

// readEpoch answers an epoch's file or its copy, whichever is the one that the
// store names.
func (v *Vault) readEpoch(e Epoch) ([]byte, error) {
	first, second := EpochPaths(v.dir, e.Name)
	for _, path := range []string{first, second} {
		if file, err := os.ReadFile(path); err == nil && sum(file) == e.SHA256 {
			return file, nil
		}
	}
	return nil, fmt.Errorf("epoch %s: %w", e.Name, ErrBroken)
}

// epochFileThere says whether something has the name of an epoch already.
func (v *Vault) epochFileThere(name string) bool {
	first, second := EpochPaths(v.dir, name)
	_, err1 := os.Lstat(first)
	_, err2 := os.Lstat(second)
	return err1 == nil || err2 == nil
}

// epochFilesThere says whether both files of an epoch still have its name.
func (v *Vault) epochFilesThere(name string) bool {
	first, second := EpochPaths(v.dir, name)
	_, err1 := os.Lstat(first)
	_, err2 := os.Lstat(second)
	return err1 == nil && err2 == nil
}

// destroyEpoch overwrites and removes both files of an epoch. It may be cut
// short anywhere and run again.
func (v *Vault) destroyEpoch(name string) error {
	first, second := EpochPaths(v.dir, name)
	for _, path := range []string{first, second} {
		if err := v.destroy(path); err != nil {
			return fmt.Errorf("destroying epoch %s: %w", name, err)
		}
	}
	return nil
}

// dropUnused removes the files of an epoch that no commit named and nothing was
// sealed to: the commit was refused.
func (v *Vault) dropUnused(name string) error {
	if err := v.destroyEpoch(name); err != nil {
		return fmt.Errorf("removing the unused epoch %s: %w", name, err)
	}
	return nil
}

// destroy overwrites a file, and removes it when that is on disk. A file that is
// not there is destroyed.
func (v *Vault) destroy(path string) error {
	if err := store.Overwrite(path); err != nil {
		return fmt.Errorf("overwriting %s: %w", filepath.Base(path), err)
	}
	v.step("overwritten")
	if err := store.Remove(path); err != nil {
		return fmt.Errorf("removing %s: %w", filepath.Base(path), err)
	}
	v.step("removed")
	return nil
}

func sum(file []byte) string {
	h := sha256.Sum256(file)
	return hex.EncodeToString(h[:])
}

// fingerprint stands for a recipient, whose text takes 2 KB, in store and log.
func fingerprint(r *age.HybridRecipient) string { return sum([]byte(r.String())) }
