package appliance

import (
	"fmt"
	"time"

	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// Practice is what the first run fixed.
type Practice struct {
	ID   string
	Name string
	Host string // name of the server on the office network
	Zone *time.Location
}

// readPractice reads what setup wrote; a data folder without it was never set up.
func readPractice(st *store.Store) (Practice, error) {
	var p Practice
	var zone string
	err := st.View(func(tx *store.Tx) error {
		p.ID = settings.Get(tx, settings.PracticeID)
		p.Name = settings.Get(tx, settings.PracticeName)
		p.Host = settings.Get(tx, settings.PracticeHost)
		zone = settings.Get(tx, settings.PracticeTimezone)
		return nil
	})
	if err != nil {
		return Practice{}, fmt.Errorf("reading the practice: %w", err)
	}
	if p.ID == "" {
		return Practice{}, errNoPractice
	}
	if p.Zone, err = time.LoadLocation(zone); err != nil {
		return Practice{}, fmt.Errorf("reading the practice's time zone: %w", err)
	}
	return p, nil
}

// errNoPractice says that init did not finish in this folder.
var errNoPractice = withTodo("this data folder holds no practice", "make one with `nightbell init` in an empty folder")
