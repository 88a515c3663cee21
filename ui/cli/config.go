package cli

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"nightbell/appliance"
	"nightbell/appliance/settings"
)

func newConfig(e *env) *cobra.Command {
	group := &cobra.Command{Use: "config", Short: "Settings"}
	group.AddCommand(newConfigGet(e), newConfigSet(e), newConfigList(e))
	return group
}

func newConfigGet(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "get KEY", Short: "Show one setting", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, words []string) error {
			v, err := put(c.Context(), e, askConfigGet, words[0], nil)
			if err != nil {
				return err
			}
			return e.object(v, func() { e.say("%s", v.Value) })
		},
	}
}

// setting is a key with the value it is to have. Secret is what stands in the
// file that mail.password-file names.
type setting struct{ Key, Value, Secret string }

func newConfigSet(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "set KEY VALUE", Short: "Change one setting; an empty value goes back to the default", Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, words []string) error {
			s := setting{Key: words[0], Value: words[1]}
			if err := e.readSecret(&s); err != nil {
				return err
			}
			if isPath(settings.Key(s.Key)) && s.Value != "" {
				full, err := filepath.Abs(s.Value)
				if err != nil {
					return err
				}
				s.Value = full
			}
			v, err := put(c.Context(), e, askConfigSet, s, nil)
			if err != nil {
				return err
			}
			return e.object(v, func() { e.say("%s is now %q.", v.Key, v.Value) })
		},
	}
}

// readSecret reads the file of a secret, or standard input (-),
// here: the service runs as another user, and sees no home and no temporary
// folder of anybody's.
func (e *env) readSecret(s *setting) (err error) {
	if !appliance.IsSecretFile(settings.Key(s.Key)) || s.Value == "" {
		return nil
	}
	if s.Secret, err = e.password(s.Value, ""); err != nil {
		return err
	}
	if s.Value == "-" {
		s.Value = ""
	}
	return nil
}

// isPath says whether a setting names a file or folder: what a person types is
// meant from where they stand, and the service stands elsewhere.
func isPath(key settings.Key) bool {
	return key == settings.BackupFolder || key == settings.MailCA || key == settings.ChannelsCA || appliance.IsSecretFile(key)
}

func newConfigList(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Show every setting with what it is for", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			all, err := put(c.Context(), e, askConfigList, nothing{}, nil)
			if err != nil {
				return err
			}
			return list(e, all, "KEY\tVALUE\tWHAT FOR", func(v settings.Value) []string {
				return []string{string(v.Key), strings.TrimSpace(v.Value), v.Help}
			}, "There are no settings.")
		},
	}
}

var askConfigGet = ask[string, settings.Value]{"config-get", func(_ context.Context, a *appliance.Appliance, key string, _ progress) (settings.Value, error) {
	return a.Setting(settings.Key(key))
}}

var askConfigSet = ask[setting, settings.Value]{"config-set", func(ctx context.Context, a *appliance.Appliance, s setting, _ progress) (settings.Value, error) {
	var err error
	if key := settings.Key(s.Key); appliance.IsSecretFile(key) {
		err = a.SetSecretFile(ctx, owner, key, s.Value, s.Secret)
	} else {
		err = a.SetSetting(ctx, owner, key, s.Value)
	}
	if err != nil {
		return settings.Value{}, err
	}
	return a.Setting(settings.Key(s.Key))
}}

var askConfigList = ask[nothing, []settings.Value]{"config-list", func(_ context.Context, a *appliance.Appliance, _ nothing, _ progress) ([]settings.Value, error) {
	return a.Settings()
}}
