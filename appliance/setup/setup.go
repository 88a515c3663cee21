// Package setup is the first run: it makes a practice in an empty data folder,
// with its keys, its recovery kit, its certificate authority and its first
// accounts, and leaves the folder locked for the service to open.
//
// It runs once a practice. Either everything is there when Make answers nil, or
// the folder is as empty as it was.
package setup

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
	"nightbell/install"
)

// Practice is what a person says of a new practice.
type Practice struct {
	Dir            string // data folder: empty, or not there yet
	Name           string
	Zone           string // IANA time zone
	Host           string // fixed from here on
	Admin          string
	AdminPassword  string
	Reader         string // "" when the admin works the front desk too
	ReaderPassword string
	Kit            string // full path of the file for the recovery kit, outside Dir

	Clock clockwork.Clock // nil: the real one
}

// Made is what a first run made.
type Made struct {
	Data        string `json:"data"`
	Practice    string `json:"practice"` // its id, as backups carry it
	RecoveryKit string `json:"recovery_kit"`
	CA          string `json:"ca"` // file of the certificate that browsers import
}

// KitBucket is where node.db remembers the file that the recovery kit was
// written to, until it is gone from there.
const KitBucket = "recovery-kit"

// Make makes a practice. Its errors are for the person who runs it.
func Make(ctx context.Context, p Practice) (Made, error) {
	if p.Clock == nil {
		p.Clock = clockwork.NewRealClock()
	}
	if err := p.check(); err != nil {
		return Made{}, err
	}
	st, err := p.claim(ctx)
	if err != nil {
		return Made{}, err
	}
	made, err := p.make(ctx, st)
	if err = errors.Join(err, st.Close()); err != nil {
		return Made{}, errors.Join(err, empty(p.Dir))
	}
	return made, nil
}

// claim makes the data folder and its store, whose lock keeps another first run
// out until this one is done. What lay in the folder before is nobody's to remove.
func (p Practice) claim(ctx context.Context) (*store.Store, error) {
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	if err := os.Chmod(p.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("closing the data folder to others: %w", err)
	}
	st, err := store.Open(ctx, store.Options{Dir: p.Dir, Clock: p.Clock})
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(p.Dir)
	switch {
	case err == nil && len(entries) == 1:
		return st, nil
	case err == nil && len(entries) == 0: // our store was taken away, by a first run that failed
		err = fmt.Errorf("another first run was at work in %s; try again", p.Dir)
	case err == nil:
		err = notEmpty(p.Dir)
	}
	return nil, errors.Join(err, st.Close())
}

func notEmpty(dir string) error {
	return fmt.Errorf("%s is not empty; a new practice needs an empty folder", dir)
}

// check refuses what cannot become a practice, before anything is written.
func (p Practice) check() error {
	dir, err := filepath.Abs(p.Dir)
	if err != nil {
		return fmt.Errorf("finding the data folder: %w", err)
	}
	if inside(dir, p.Kit) {
		return errors.New("the recovery kit must not lie in the data folder, where a thief would find both; choose another place, such as a USB stick")
	}
	if _, err := os.Lstat(p.Kit); err == nil {
		return fmt.Errorf("%s is there already; choose another name for the recovery kit, so that none is overwritten", p.Kit)
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking into the data folder: %w", err)
	}
	if len(entries) > 0 {
		return notEmpty(dir)
	}
	if _, err := time.LoadLocation(p.Zone); err != nil || p.Zone == "" || p.Zone == "Local" {
		return errors.New("give the practice's time zone by its name, such as --timezone America/New_York")
	}
	if p.AdminPassword == "" {
		return errors.New("give the first person a password")
	}
	return nil
}

// inside says whether a file lies in a folder, symbolic links followed.
func inside(dir, file string) bool {
	rel, err := filepath.Rel(resolved(dir), filepath.Join(resolved(filepath.Dir(file)), filepath.Base(file)))
	return err != nil || rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// resolved follows the symbolic links of a path as far as it exists; what does
// not exist yet will be made where that leads.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if parent := filepath.Dir(path); parent != path {
		return filepath.Join(resolved(parent), filepath.Base(path))
	}
	return filepath.Clean(path)
}

func (p Practice) make(ctx context.Context, st *store.Store) (Made, error) {
	secrets, err := p.secrets()
	if err != nil {
		return Made{}, err
	}
	kit, err := crypto.NewKit(p.Name, p.Clock.Now(), secrets.BackupSigning.Public().(ed25519.PublicKey))
	if err != nil {
		return Made{}, err
	}
	if err := p.fill(ctx, st, kit); err != nil {
		return Made{}, err
	}
	if err := p.rememberKit(ctx); err != nil {
		return Made{}, err
	}
	if err := writeKit(p.Kit, kit); err != nil {
		return Made{}, err
	}
	id, err := p.finish(ctx, st)
	if err != nil {
		return Made{}, errors.Join(err, os.Remove(p.Kit))
	}
	return Made{Data: p.Dir, Practice: id, RecoveryKit: p.Kit, CA: filepath.Join(p.Dir, "ca.pem")}, nil
}

// secrets makes the machine's secrets, the certificate authority among them.
func (p Practice) secrets() (vault.Secrets, error) {
	s, err := vault.NewSecrets()
	if err != nil {
		return vault.Secrets{}, err
	}
	names, err := install.LocalNames(p.Host)
	if err != nil {
		return vault.Secrets{}, err
	}
	ca, err := install.NewAuthority(p.Name, names, p.Clock.Now())
	if err != nil {
		return vault.Secrets{}, err
	}
	s.CACert, s.CAKey = ca.Certificate, ca.Key
	return s, vault.SaveSecrets(p.Dir, s)
}

// finish gives the practice its id, by which everything else knows that there is
// one: a first run that was cut short before, with no kit yet, is none.
func (p Practice) finish(ctx context.Context, st *store.Store) (string, error) {
	id, err := message.NewID()
	if err != nil {
		return "", err
	}
	return string(id), st.Update(ctx, func(tx *store.Tx) error { return settings.Set(tx, settings.PracticeID, string(id)) })
}

// fill makes keys, settings and accounts in the new store.
func (p Practice) fill(ctx context.Context, st *store.Store, kit *crypto.Kit) error {
	now := p.Clock.Now().UTC()
	err := st.Update(ctx, func(tx *store.Tx) error {
		for _, s := range []struct {
			key   settings.Key
			value string
		}{
			{settings.PracticeName, p.Name},
			{settings.PracticeTimezone, p.Zone}, {settings.PracticeHost, p.Host},
		} {
			if err := settings.Set(tx, s.key, s.value); err != nil {
				return err
			}
		}
		if _, err := audit.Append(tx, audit.Leaf{At: now, Who: audit.System, What: audit.SettingsChanged, About: []string{"practice"}}); err != nil {
			return err
		}
		return protocol.Begin(tx, audit.System, protocol.BuiltIn(), now)
	})
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		return fmt.Errorf("reading the time zone: %w", err)
	}
	v, err := vault.Create(ctx, vault.Options{Store: st, Zone: zone, Clock: p.Clock}, kit)
	if err != nil {
		return err
	}
	defer v.Close()
	return p.accounts(ctx, st, v)
}

func (p Practice) accounts(ctx context.Context, st *store.Store, v *vault.Vault) error {
	with, err := v.Reader()
	if err != nil {
		return err
	}
	var reader *access.NewPerson
	if p.Reader != "" {
		reader = &access.NewPerson{Name: p.Reader, Password: p.ReaderPassword}
	}
	people := access.New(access.Options{Store: st, Vault: v, Clock: p.Clock})
	return people.AddFirst(ctx, access.NewPerson{Name: p.Admin, Password: p.AdminPassword}, reader, with)
}

// rememberKit notes on this machine where the kit was written, so that status
// can ask for it to be printed and removed.
func (p Practice) rememberKit(ctx context.Context) error {
	node, err := store.Open(ctx, store.Options{Dir: p.Dir, File: "node.db", Clock: p.Clock})
	if err != nil {
		return err
	}
	err = node.Update(ctx, func(tx *store.Tx) error { return tx.Put(KitBucket, "file", []byte(p.Kit)) })
	return errors.Join(err, node.Close())
}

// writeKit writes the kit durably and for its owner alone. It never overwrites.
func writeKit(path string, kit *crypto.Kit) error {
	text, err := kit.Text()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("writing the recovery kit: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing the recovery kit: %w", errors.Join(err, os.Remove(path)))
	}
	return nil
}

// empty takes away what a first run that failed left in the data folder, which
// was empty before.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cleaning up: %w", err)
	}
	var errs []error
	for _, e := range entries {
		errs = append(errs, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return errors.Join(errs...)
}
