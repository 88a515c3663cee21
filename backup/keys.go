package backup

import (
	"crypto/ed25519"
	"errors"
	"os"

	"filippo.io/age"

	"nightbell/appliance/vault"
	"nightbell/crypto"
)

// Keys are what opens a backup: the recovery kit's identity, or the practice
// identity taken out of its slot by hand.
type Keys struct {
	Identities []age.Identity
	// Signing is the backup signing key on the kit. Whoever can write to a target
	// can also sign with a key of their own, so that only with this one a forged
	// backup is seen. Nil where the identities came without a kit.
	Signing ed25519.PublicKey
}

// opened is a target whose practice identity was opened.
type opened struct {
	t        *target
	m        Manifest
	practice *age.HybridIdentity
	kit      *age.HybridIdentity // what opened the recovery slot; nil when the practice identity was given itself
}

// open opens a target with the keys: manifest, signature, recovery slot.
func (k Keys) open(dir string, step func(string)) (opened, error) {
	t, err := openTarget(dir, step)
	if err != nil {
		return opened{}, err
	}
	m, _, err := t.manifest()
	if errors.Is(err, errNoBackup) {
		return opened{}, badBy(err, ManifestName, "is missing: there is no Nightbell backup in %s", dir)
	}
	if err != nil {
		return opened{}, err
	}
	o := opened{t: t, m: m}
	if o.practice, o.kit, err = k.practice(t, m); err != nil {
		return opened{}, err
	}
	if k.Signing != nil && !k.Signing.Equal(ed25519.PublicKey(m.SigningKey)) {
		return opened{}, bad(ManifestName, "is signed by another key than the one on the recovery kit: it is not this practice's backup, or it was forged")
	}
	return o, nil
}

// practice opens the practice identity: it is among the identities, or the kit
// among them opens the recovery slot.
func (k Keys) practice(t *target, m Manifest) (practice, kit *age.HybridIdentity, err error) {
	for _, id := range k.Identities {
		if h, ok := id.(*age.HybridIdentity); ok && h.Recipient().String() == m.Recipient {
			return h, nil, nil
		}
	}
	slot, err := readRecovery(t, m)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range k.Identities {
		practice, err := crypto.OpenSlot(slot, id)
		if errors.Is(err, crypto.ErrWrongKey) {
			continue
		}
		if err != nil {
			return nil, nil, badBy(err, recoveryPath, "is damaged")
		}
		if practice.Recipient().String() != m.Recipient {
			return nil, nil, bad(recoveryPath, "holds another practice's key")
		}
		kit, _ := id.(*age.HybridIdentity)
		return practice, kit, nil
	}
	return nil, nil, bad(recoveryPath, "this recovery kit does not open it: the kit is another practice's, or one that was replaced since")
}

// readRecovery reads the recovery slot. A run that was cut short while it
// replaced the slot may have left the old file or the new one: both are named.
func readRecovery(t *target, m Manifest) ([]byte, error) {
	slot, err := t.readSmall(recoveryPath, maxSlot)
	if errors.Is(err, os.ErrNotExist) {
		return nil, badBy(err, recoveryPath, "is missing")
	}
	if err != nil {
		return nil, badBy(err, recoveryPath, "cannot be read")
	}
	sum := hexSum(slot)
	for _, list := range [][]File{m.Files, m.Unsettled} {
		for _, f := range list {
			if f.Path == recoveryPath && f.SHA256 == sum {
				return slot, nil
			}
		}
	}
	if f, ok := m.file(recoveryPath); ok && int64(len(slot)) < f.Size {
		return nil, bad(recoveryPath, "is cut short: %d of %d bytes are there", len(slot), f.Size)
	}
	return nil, bad(recoveryPath, "is damaged: it is not what was written")
}

// epoch opens one epoch of the target, from whichever of its two files is whole,
// and answers what is wrong with a file that is not.
func (o opened) epoch(e vault.Epoch) (file []byte, id *age.HybridIdentity, broken []error) {
	for _, name := range epochPaths(e.Name) {
		data, opened, err := o.epochFile(name, e)
		if err != nil {
			broken = append(broken, err)
			continue
		}
		file, id = data, opened
	}
	return file, id, broken
}

func (o opened) epochFile(name string, e vault.Epoch) ([]byte, *age.HybridIdentity, error) {
	data, err := o.t.readSmall(name, maxSlot)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, nil, badBy(err, name, "is missing")
	case err != nil:
		return nil, nil, badBy(err, name, "cannot be read")
	case hexSum(data) != e.SHA256:
		return nil, nil, bad(name, "is damaged: it is not what was written")
	}
	id, err := crypto.OpenSlot(data, o.practice)
	if err != nil {
		return nil, nil, badBy(err, name, "is not opened by the practice's key")
	}
	if hexSum([]byte(id.Recipient().String())) != e.Recipient {
		return nil, nil, bad(name, "holds another key than the practice's log recorded")
	}
	return data, id, nil
}
