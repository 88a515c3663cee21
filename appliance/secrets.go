package appliance

import "nightbell/appliance/vault"

// changeSecrets changes the machine's secrets file, one change at a time.
func (a *Appliance) changeSecrets(change func(*vault.Secrets) error) error {
	a.secrets.Lock()
	defer a.secrets.Unlock()
	s, err := vault.LoadSecrets(a.Store.Dir())
	if err != nil {
		return err
	}
	if err := change(&s); err != nil {
		return err
	}
	return vault.SaveSecrets(a.Store.Dir(), s)
}
