package watch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// seen is what is remembered over a restart of the watch.
type seen struct {
	Host    string    `json:"host"`
	Looked  time.Time `json:"looked"`
	Answers bool      `json:"answers"`
	Down    bool      `json:"down,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	Told    time.Time `json:"told,omitzero"`
	As      Trouble   `json:"as,omitempty"`
}

// load answers the zero seen where nothing is remembered of this appliance. A
// file that cannot be read is no reason not to watch; one that cannot be used
// as such, a folder that is not there, is.
func (w *Watch) load() (seen, error) {
	if w.o.State == "" {
		return seen{}, nil
	}
	raw, err := os.ReadFile(w.o.State)
	if errors.Is(err, fs.ErrNotExist) {
		return seen{}, w.save()
	}
	if err != nil {
		return seen{}, fmt.Errorf("reading what the watch saw last: %w", err)
	}
	var s seen
	if json.Unmarshal(raw, &s) != nil || s.Host != w.host {
		return seen{}, nil
	}
	return s, nil
}

func (w *Watch) save() error {
	if w.o.State == "" {
		return nil
	}
	m := &w.machine
	s := seen{Host: w.host, Looked: w.now(), Answers: m.answers, Down: m.down, As: m.as}
	if m.down {
		s.Since, s.Told = m.since, m.told
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(w.o.State), ".watch-*")
	if err != nil {
		return fmt.Errorf("writing what the watch saw: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), w.o.State)
	}
	return err
}

// resume goes on with an alarm that was raised before a restart.
func (m *machine) resume(s seen) {
	m.answers, m.down, m.since, m.told, m.as = s.Answers, s.Down, s.Since, s.Told, s.As
}
