package appliance

import (
	"errors"

	"nightbell/appliance/vault"
)

// errUnchanged is a change's word that there is nothing to keep.
var errUnchanged = errors.New("nothing changed")

// changeSecrets changes the machine's secrets file, one change at a time.
func (a *Appliance) changeSecrets(change func(*vault.Secrets) error) error {
	a.secrets.Lock()
	defer a.secrets.Unlock()
	s, err := vault.LoadSecrets(a.Store.Dir())
	if err != nil {
		return err
	}
	if err := change(&s); errors.Is(err, errUnchanged) {
		return nil
	} else if err != nil {
		return err
	}
	return vault.SaveSecrets(a.Store.Dir(), s)
}
