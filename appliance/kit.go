package appliance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"nightbell/appliance/finding"
	"nightbell/appliance/setup"
	"nightbell/appliance/store"
)

const kitKey = "file"

// kitFile is where init wrote the recovery kit, until it is known to be gone.
func (a *Appliance) kitFile() (file string) {
	err := a.Node.View(func(tx *store.Tx) error { file = string(tx.Get(setup.KitBucket, kitKey)); return nil })
	if err != nil || file == "" || goneFromHere(file) {
		return ""
	}
	return file
}

// goneFromHere says that a file is not there, as far as this process can see.
// Under systemd a service has temporary folders of its own, and cannot see into
// people's homes: there it cannot tell, and the file counts as still there.
func goneFromHere(file string) bool {
	service := os.Getenv("INVOCATION_ID") != "" // systemd.exec(5)
	for _, private := range []string{"/tmp/", "/var/tmp/"} {
		if service && strings.HasPrefix(file, private) {
			return false
		}
	}
	_, err := os.Lstat(file)
	return errors.Is(err, fs.ErrNotExist)
}

// kitFinding asks for the recovery kit to be printed and taken off the machine.
func (a *Appliance) kitFinding() []finding.Finding {
	file := a.kitFile()
	if file == "" {
		return nil
	}
	return []finding.Finding{{
		ID: KitFinding, Severity: finding.Warning,
		Text: fmt.Sprintf("The recovery kit still lies on this machine, in %s.", file),
		Do:   "Print it, put the page in the safe, and remove the file; then let the owner of that folder run “nightbell status”.",
	}}
}

// KitFinding is the id of the finding about the recovery kit's file.
const KitFinding = "vault.kit"

// KitIsGone is a command's word, which sees what a service may not, that the
// recovery kit's file is gone from this machine.
func (a *Appliance) KitIsGone(ctx context.Context) error {
	err := a.Node.Update(ctx, func(tx *store.Tx) error { return tx.Delete(setup.KitBucket, kitKey) })
	if err != nil {
		return fmt.Errorf("noting that the recovery kit is off the machine: %w", err)
	}
	return nil
}
