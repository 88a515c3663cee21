package appliance

import (
	"context"
	"errors"
	"maps"

	"nightbell/appliance/notify"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// channelSecrets are the settings whose value is a file that is read once: the
// name that its content is kept by, and the setting that has to be there before it.
// A secret goes to that server alone, as it was when the secret was given:
// whoever changes the server later must not have it sent to one of their own.
var channelSecrets = map[settings.Key]struct {
	name  string
	first settings.Key // "" for a key that is never sent
}{
	settings.NtfyTokenFile:     {notify.SecretNtfy, settings.NtfyServer},
	settings.RepliesFile:       {notify.SecretReplies, settings.RepliesServer},
	settings.WebhookKeyFile:    {notify.SecretWebhook, ""},
	settings.GatewaySecretFile: {notify.SecretGateway, settings.GatewayPreset},
}

// boundTo is the name by which the server of a secret is kept beside it.
func boundTo(name string) string { return name + " for" }

// IsSecretFile says whether a setting is a file that holds a secret: whoever
// sets it reads the file, and gives its content to SetSecretFile.
func IsSecretFile(key settings.Key) bool {
	_, channel := channelSecrets[key]
	return channel || key == settings.MailPasswordFile
}

// SetSecretFile keeps a password, key or access token, and the name of the file
// that somebody read it from, "" for none; an empty secret removes it.
func (a *Appliance) SetSecretFile(ctx context.Context, by string, key settings.Key, file, secret string) error {
	if key == settings.MailPasswordFile {
		return a.SetMailPasswordFile(ctx, by, file, secret)
	}
	s, known := channelSecrets[key]
	if !known {
		return &settings.Refused{Key: key, Why: "this is no file of a secret"}
	}
	server := ""
	if s.first != "" && secret != "" {
		err := a.Store.View(func(tx *store.Tx) error {
			server = notify.ServerOf(s.name, func(k settings.Key) string { return settings.Get(tx, k) })
			return nil
		})
		if err != nil {
			return err
		}
		if server == "" {
			return &settings.Refused{Key: key, Why: "set " + string(s.first) + " first: the secret goes to that server alone"}
		}
	}
	before := a.heldSecrets()
	if err := a.keepChannelSecret(s.name, secret, server); err != nil {
		return err
	}
	if err := a.set(ctx, by, map[settings.Key]string{key: file}); err != nil {
		return errors.Join(err, a.keepChannelSecret(s.name, before[s.name], before[boundTo(s.name)]))
	}
	return nil
}

func (a *Appliance) keepChannelSecret(name, secret, server string) error {
	err := a.changeSecrets(func(s *vault.Secrets) error {
		held := maps.Clone(s.Channels)
		if held == nil {
			held = map[string]string{}
		}
		delete(held, name)
		delete(held, boundTo(name))
		if secret != "" {
			held[name] = secret
		}
		if secret != "" && server != "" {
			held[boundTo(name)] = server
		}
		s.Channels = held
		return nil
	})
	if err != nil {
		return err
	}
	a.holdSecrets()
	a.Pages.LookAnew()
	a.Hearing.LookAnew()
	return nil
}

// holdSecrets keeps the channels' secrets in memory: they are asked for inside
// changes, which read no files.
func (a *Appliance) holdSecrets() {
	s, err := vault.LoadSecrets(a.Store.Dir())
	if err != nil {
		a.Log.Error("the secrets of the channels cannot be read", "err", err)
		return
	}
	a.held.Store(&s.Channels)
}

func (a *Appliance) heldSecrets() map[string]string {
	if held := a.held.Load(); held != nil {
		return *held
	}
	return nil
}

// channelSecret answers a secret of a channel, where it was given for the server
// that it would be sent to; "" where there is none.
func (a *Appliance) channelSecret(name, server string) string {
	held := a.heldSecrets()
	if server != "" && held[boundTo(name)] != server {
		return ""
	}
	return held[name]
}

// HasSecret says whether the secret of a channel's setting is kept, for the
// server that it would be sent to now.
func (a *Appliance) HasSecret(tx *store.Tx, key settings.Key) bool {
	s, known := channelSecrets[key]
	server := notify.ServerOf(s.name, func(k settings.Key) string { return settings.Get(tx, k) })
	return known && a.channelSecret(s.name, server) != ""
}
