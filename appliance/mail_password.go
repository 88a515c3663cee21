package appliance

import (
	"context"
	"errors"

	"nightbell/appliance/finding"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// SetMailPassword keeps the password at the smarthost; an empty one removes it.
func (a *Appliance) SetMailPassword(ctx context.Context, by, password string) error {
	return a.SetMailPasswordFile(ctx, by, "", password)
}

// SetMailPasswordFile is SetMailPassword with the name of the file that somebody
// read it from, "" for none: it is read once, and may be removed then.
//
// The password is kept first: where the rest fails, the old one is put back, and
// what the settings say of it stays true.
func (a *Appliance) SetMailPasswordFile(ctx context.Context, by, file, password string) error {
	at, err := a.Setting(settings.MailSmarthost)
	if err != nil {
		return err
	}
	var old vault.Secrets
	keep := func(password, host string) error {
		return a.changeSecrets(func(s *vault.Secrets) error {
			old = *s
			s.SmarthostPassword, s.SmarthostFor = password, host
			return nil
		})
	}
	if err := keep(password, at.Value); err != nil {
		return err
	}
	defer a.Queue.LookAnew()
	before := old
	if err := a.set(ctx, by, map[settings.Key]string{settings.MailPasswordFile: file}); err != nil {
		return errors.Join(err, keep(before.SmarthostPassword, before.SmarthostFor))
	}
	return nil
}

// bindMailPassword gives a password that was kept before there was a smarthost to
// the one that is set now, and to no other: whoever changes the smarthost later
// must not have the password sent to a server of their own.
func (a *Appliance) bindMailPassword() error {
	at, err := a.Setting(settings.MailSmarthost)
	if err != nil || at.Value == "" {
		return err
	}
	return a.changeSecrets(func(s *vault.Secrets) error {
		if s.SmarthostPassword == "" || s.SmarthostFor != "" {
			return errUnchanged
		}
		s.SmarthostFor = at.Value
		return nil
	})
}

// HasMailPassword says whether a password is kept for the smarthost of the settings.
func (a *Appliance) HasMailPassword() (bool, error) {
	at, err := a.Setting(settings.MailSmarthost)
	if err != nil {
		return false, err
	}
	s, err := vault.LoadSecrets(a.Store.Dir())
	return s.SmarthostPassword != "" && s.OpensSmarthost(at.Value), err
}

// mailPasswordFindings says when mail waits because the smarthost was changed.
func (a *Appliance) mailPasswordFindings() []finding.Finding {
	var at, user string
	err := a.Store.View(func(tx *store.Tx) error {
		at, user = settings.Get(tx, settings.MailSmarthost), settings.Get(tx, settings.MailUser)
		return nil
	})
	s, serr := vault.LoadSecrets(a.Store.Dir())
	if err != nil || serr != nil || at == "" || user == "" || s.SmarthostPassword == "" || s.OpensSmarthost(at) {
		return nil
	}
	return []finding.Finding{{
		ID: "mail.password", Severity: finding.Alarm,
		Text: "The mail server was changed, and no password was given for the new one: mail waits.",
		Do:   "Give the password of the new mail server in the settings.",
	}}
}
