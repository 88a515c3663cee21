package appliance

import (
	"context"

	"nightbell/appliance/access"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// AddPerson makes an account for a command. A role that reads gets its key slot
// when the command gave something that opens, or when the appliance is open.
func (a *Appliance) AddPerson(ctx context.Context, by string, n access.NewPerson, k Key) (access.Person, error) {
	with, done, err := a.slotGiver(ctx, k)
	if err != nil {
		return access.Person{}, err
	}
	defer done()
	return a.Access.AddPerson(ctx, by, n, with)
}

// ResetPassword gives somebody a new password for a command; see AddPerson.
func (a *Appliance) ResetPassword(ctx context.Context, by, name, password string, k Key) (access.Person, error) {
	p, err := a.findPerson(name)
	if err != nil {
		return access.Person{}, err
	}
	with, done, err := a.slotGiver(ctx, k)
	if err != nil {
		return access.Person{}, err
	}
	defer done()
	return a.Access.ResetPassword(ctx, by, p.ID, password, with)
}

// DisablePerson ends somebody's access at once.
func (a *Appliance) DisablePerson(ctx context.Context, by, name string) (access.Person, error) {
	p, err := a.findPerson(name)
	if err != nil {
		return access.Person{}, err
	}
	if err := a.Access.Disable(ctx, by, p.ID); err != nil {
		return access.Person{}, err
	}
	return a.findPerson(name)
}

// slotGiver answers what may make a key slot for a command. The owner of the
// data folder is no reader: while the appliance is locked, only a given key is.
func (a *Appliance) slotGiver(ctx context.Context, k Key) (with *vault.Reader, done func(), err error) {
	if k.given() {
		r, _, err := a.open(ctx, k)
		if err != nil {
			return nil, nil, err
		}
		return r, func() { r.Close() }, nil
	}
	if r, err := a.Vault.Reader(); err == nil {
		return r, func() {}, nil
	}
	return nil, func() {}, nil
}

func (a *Appliance) findPerson(name string) (p access.Person, err error) {
	found := false
	err = a.Store.View(func(tx *store.Tx) error {
		p, found, err = a.Access.FindPerson(tx, name)
		return err
	})
	if err == nil && !found {
		err = withTodo("nobody of that name signs in here", "look at `nightbell user list`")
	}
	return p, err
}

// DisableDevice refuses a machine from now on; it is named as it was added, or
// by its user name.
func (a *Appliance) DisableDevice(ctx context.Context, by, name string) (access.Device, error) {
	devices, err := a.Devices()
	if err != nil {
		return access.Device{}, err
	}
	for _, d := range devices {
		if d.Name == name || string(d.ID) == name {
			d.Disabled = true
			return d, a.Access.DisableDevice(ctx, by, d.ID)
		}
	}
	return access.Device{}, withTodo("there is no such machine", "look at `nightbell device list`")
}

// Devices answers the machines that may send, or might once.
func (a *Appliance) Devices() (devices []access.Device, err error) {
	err = a.Store.View(func(tx *store.Tx) error {
		devices, err = a.Access.Devices(tx)
		return err
	})
	return devices, err
}

// People answers everybody the practice knows.
func (a *Appliance) People() (people []access.Person, err error) {
	err = a.Store.View(func(tx *store.Tx) error {
		people, err = a.Access.People(tx)
		return err
	})
	return people, err
}
