package appliance

import (
	"context"
	"os"
	"slices"

	"nightbell/appliance/audit"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// Setting answers one setting.
func (a *Appliance) Setting(key settings.Key) (settings.Value, error) {
	all, err := a.Settings()
	if err != nil {
		return settings.Value{}, err
	}
	i := slices.IndexFunc(all, func(v settings.Value) bool { return v.Key == key })
	if i < 0 {
		return settings.Value{}, &settings.Refused{Key: key, Why: "there is no such setting; `nightbell config list` shows them all"}
	}
	return all[i], nil
}

// Settings answers every setting.
func (a *Appliance) Settings() (all []settings.Value, err error) {
	err = a.Store.View(func(tx *store.Tx) error { all = settings.All(tx); return nil })
	return all, err
}

// SetSetting changes one setting.
func (a *Appliance) SetSetting(ctx context.Context, by string, key settings.Key, value string) error {
	return a.SetSettings(ctx, by, map[settings.Key]string{key: value})
}

// SetSettings changes several settings, all or none.
func (a *Appliance) SetSettings(ctx context.Context, by string, values map[settings.Key]string) error {
	for key := range values {
		if IsSecretFile(key) {
			return &settings.Refused{Key: key, Why: "what the file holds goes with it; set it alone"}
		}
	}
	if err := a.set(ctx, by, values); err != nil {
		return err
	}
	if _, given := values[settings.MailSmarthost]; given {
		return a.bindMailPassword()
	}
	return nil
}

func (a *Appliance) set(ctx context.Context, by string, values map[settings.Key]string) error {
	at := a.Clock.Now().UTC()
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, string(key))
	}
	slices.Sort(keys)
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		for _, key := range keys {
			if err := settings.Set(tx, settings.Key(key), values[settings.Key(key)]); err != nil {
				return err
			}
		}
		_, err := audit.Append(tx, audit.Leaf{At: at, Who: by, What: audit.SettingsChanged, About: keys})
		return err
	})
}

// TestFolder tries a backup folder: it writes a file there, reads it back and
// removes it, and answers in words.
func (a *Appliance) TestFolder(_ context.Context, folder string) (string, error) {
	f, err := os.CreateTemp(folder, ".nightbell-test-")
	if err != nil {
		return "", &Advice{What: "nothing can be written into that folder", Do: "make the folder, plug the disk in, or give this service the right to write there", Err: err}
	}
	defer os.Remove(f.Name())
	const probe = "nightbell"
	_, werr := f.WriteString(probe)
	serr := f.Sync()
	cerr := f.Close()
	back, rerr := os.ReadFile(f.Name())
	for _, err := range []error{werr, serr, cerr, rerr} {
		if err != nil {
			return "", &Advice{What: "the folder takes files but does not keep them safely", Do: "choose another disk or share", Err: err}
		}
	}
	if string(back) != probe {
		return "", withTodo("what was written there came back changed", "choose another disk; this one is failing")
	}
	return "A file was written there, read back and removed.", nil
}
