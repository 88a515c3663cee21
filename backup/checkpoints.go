package backup

import (
	"bytes"
	"crypto/ed25519"

	"nightbell/appliance/audit"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// Checkpoints are what the target of the hourly runs knows of the audit log: one
// for each point that was taken in the practice's present life. The log of the
// running store begins with each of them, or it is not the one that was backed
// up. None without a target, or where it was never written to.
func (b *Backup) Checkpoints() ([]audit.Checkpoint, error) {
	dir, err := b.o.Folder()
	if err != nil || dir == "" {
		return nil, err
	}
	m, taken, err := manifestOf(dir)
	if !taken {
		return nil, err
	}
	s, err := vault.LoadSecrets(b.o.Store.Dir())
	if err != nil {
		return nil, err
	}
	if own := s.BackupSigning.Public().(ed25519.PublicKey); !bytes.Equal(own, m.SigningKey) {
		return nil, bad(ManifestName, "is signed by another practice's key")
	}
	var list []audit.Checkpoint
	err = b.o.Store.View(func(tx *store.Tx) error {
		known, err := lives(tx)
		for _, p := range m.Points {
			if len(known) > 0 && p.Life == known[len(known)-1] {
				list = append(list, audit.Checkpoint{Size: p.Audit.Size, Root: p.Audit.Root})
			}
		}
		return err
	})
	return list, err
}
