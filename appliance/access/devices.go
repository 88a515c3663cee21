package access

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// Device is a machine that sends messages: the PBX, a scanner, the website's
// form, an outside answering service.
type Device struct {
	ID        message.DeviceID `json:"id"`
	Name      string           `json:"name"` // also its user name
	Disabled  bool             `json:"disabled,omitempty"`
	MadeAt    time.Time        `json:"made_at"`
	MadeBy    string           `json:"made_by"`
	UsedAt    time.Time        `json:"used_at,omitzero"`    // last let in, to the hour
	RefusedAt time.Time        `json:"refused_at,omitzero"` // last refused since it was last let in; a person should look
}

var (
	devices     = store.NewTable[Device]("devices")
	deviceNames = store.NewTable[message.DeviceID]("devices-names")

	// deviceSecrets holds the hex SHA-256 of each password, apart from Device so
	// that no list shows it. 120 random bits need no slow hash.
	deviceSecrets = store.NewTable[string]("devices-secrets")
)

// AddDevice makes a device and answers its password, which is kept nowhere and
// cannot be shown again. It is 32 characters long, the most that the panels of
// older scanners take, of small letters and digits only, and begins with the
// device's id; the API takes it as its bearer credential.
func (a *Access) AddDevice(ctx context.Context, by, name string) (Device, string, error) {
	d := Device{ID: newDeviceID(), Name: canonical(name), MadeAt: a.now(), MadeBy: by}
	if !nameRule.MatchString(d.Name) {
		return Device{}, "", &Invalid{Field: "name", Why: "use 2 to 32 of: small letters, digits, dot, dash, underscore"}
	}
	password := string(d.ID) + "-" + strings.ToLower(rand.Text()[:24])
	secret := secretOf(password)
	err := a.store.Update(ctx, func(tx *store.Tx) error {
		if _, taken, err := deviceNames.Get(tx, d.Name); err != nil {
			return err
		} else if taken {
			return &Invalid{Field: "name", Why: "there is a device of this name"}
		}
		if _, taken, err := devices.Get(tx, string(d.ID)); err != nil || taken {
			return errors.Join(err, errors.New("the new device's id was taken; try again"))
		}
		if err := deviceNames.Put(tx, d.Name, d.ID); err != nil {
			return err
		}
		if err := devices.Put(tx, string(d.ID), d); err != nil {
			return err
		}
		if err := deviceSecrets.Put(tx, string(d.ID), secret); err != nil {
			return err
		}
		return leaf(tx, audit.Leaf{At: d.MadeAt, What: audit.DeviceAdded, Who: by, About: []string{string(d.ID)}})
	})
	if err != nil {
		return Device{}, "", fmt.Errorf("adding a device: %w", err)
	}
	return d, password, nil
}

// DisableDevice refuses a device from now on. Its name stays taken, so that the
// record of what it sent stays clear.
func (a *Access) DisableDevice(ctx context.Context, by string, id message.DeviceID) error {
	now := a.now()
	err := a.store.Update(ctx, func(tx *store.Tx) error {
		d, ok, err := devices.Get(tx, string(id))
		if err != nil {
			return err
		}
		if !ok {
			return ErrUnknownDevice
		}
		d.Disabled, d.RefusedAt = true, never
		if err := devices.Put(tx, string(id), d); err != nil {
			return err
		}
		return leaf(tx, audit.Leaf{At: now, What: audit.DeviceDisabled, Who: by, About: []string{string(id)}})
	})
	if err != nil {
		return fmt.Errorf("disabling device %s: %w", id, err)
	}
	return nil
}

// Device answers one device.
func (a *Access) Device(tx *store.Tx, id message.DeviceID) (Device, bool, error) {
	return devices.Get(tx, string(id))
}

// Devices answers all devices, disabled ones last, each by name.
func (a *Access) Devices(tx *store.Tx) ([]Device, error) {
	var all []Device
	err := devices.Each(tx, "", func(_ string, d Device) error {
		all = append(all, d)
		return nil
	})
	slices.SortFunc(all, func(d, e Device) int {
		if d.Disabled != e.Disabled {
			if e.Disabled {
				return -1
			}
			return 1
		}
		return cmp.Compare(d.Name, e.Name)
	})
	return all, err
}

const deviceIDLength = 7

func secretOf(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}

// newDeviceID makes an id short enough to leave room in a 32-character password.
func newDeviceID() message.DeviceID {
	return message.DeviceID("d" + strings.ToLower(rand.Text()[:deviceIDLength-1]))
}
