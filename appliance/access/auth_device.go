package access

import (
	"cmp"
	"context"
	"crypto/subtle"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/store"
)

const (
	usedEvery    = time.Hour   // how exactly a device's last use is kept: not a commit a mail
	refusedEvery = time.Minute // and its last refusal: a guesser must not keep the disk busy
)

// AuthDevice checks the user name and password of a machine. user is the
// device's name or its id. A right password is let in however many wrong ones
// came from the same address: with 120 random bits in it nobody guesses one, and
// a voicemail that is refused may be lost. Otherwise the answer is ErrRefused,
// or a *TooMany for who should be kept waiting. A refused device is a finding
// until it is let in again.
func (a *Access) AuthDevice(ctx context.Context, user, password string, from netip.Addr) (Device, error) {
	return a.authDevice(ctx, password, from, func(d Device) bool {
		user = canonical(user)
		return user == d.Name || user == string(d.ID)
	})
}

// AuthBearer checks a machine's password alone, as the API's bearer credential.
// It refuses as AuthDevice does.
func (a *Access) AuthBearer(ctx context.Context, bearer string, from netip.Addr) (Device, error) {
	return a.authDevice(ctx, bearer, from, func(Device) bool { return true })
}

func (a *Access) authDevice(ctx context.Context, password string, from netip.Addr, named func(Device) bool) (Device, error) {
	id, _, _ := strings.Cut(password, "-")
	var d Device
	var found bool
	var secret string
	err := a.store.View(func(tx *store.Tx) (err error) {
		if len(id) != deviceIDLength {
			return nil
		}
		if d, found, err = devices.Get(tx, id); err == nil {
			secret, _, err = deviceSecrets.Get(tx, id)
		}
		return err
	})
	if err != nil {
		return Device{}, fmt.Errorf("checking a device: %w", err)
	}
	right := subtle.ConstantTimeCompare([]byte(secretOf(password)), []byte(secret)) == 1
	if found && right && named(d) && !d.Disabled {
		return d, a.letIn(ctx, d, from)
	}
	wait, ok := a.knocks.take(a.now(), charge{"address " + origin(from), perMachine})
	if !found {
		d = Device{}
	}
	a.refuseDevice(ctx, d, right, from)
	if !ok {
		return Device{}, &TooMany{After: wait}
	}
	return Device{}, ErrRefused
}

// letIn keeps when a device was last let in, which ends the finding of a
// refusal. Not to be able to write that down does not refuse its message: the
// intake will say whether it can be kept.
func (a *Access) letIn(ctx context.Context, d Device, from netip.Addr) error {
	now := a.now()
	if d.RefusedAt.IsZero() && now.Sub(d.UsedAt) < usedEvery && !now.Before(d.UsedAt) {
		return nil
	}
	err := a.store.Update(ctx, func(tx *store.Tx) error {
		d, ok, err := devices.Get(tx, string(d.ID))
		if err != nil || !ok || d.Disabled {
			return err
		}
		d.UsedAt, d.RefusedAt = now, never
		if err := devices.Put(tx, string(d.ID), d); err != nil {
			return err
		}
		return leaf(tx, audit.Leaf{At: now, What: audit.DeviceSignIn, Who: string(d.ID), From: address(from)})
	})
	if err != nil {
		a.log.Warn("a device's sign-in could not be recorded", "device", string(d.ID), "err", err)
	}
	return nil
}

// refuseDevice records a refusal: as a leaf, counted when it repeats, and on the
// device that the password named, if there is one.
func (a *Access) refuseDevice(ctx context.Context, d Device, right bool, from netip.Addr) {
	why := "wrong"
	switch {
	case d.ID == "":
		why = "unknown"
		a.strangers.saw(origin(from), a.now())
	case d.Disabled && right:
		why = "disabled"
	}
	a.Refused(ctx, audit.Leaf{What: audit.DeviceRefused, Who: cmp.Or(string(d.ID), nobody), Why: why, From: address(from)})
	now := a.now()
	if d.ID == "" || now.Sub(d.RefusedAt) < refusedEvery && !now.Before(d.RefusedAt) {
		return
	}
	err := a.store.Update(ctx, func(tx *store.Tx) error {
		have, ok, err := devices.Get(tx, string(d.ID))
		if err != nil || !ok {
			return err
		}
		have.RefusedAt = now
		return devices.Put(tx, string(d.ID), have)
	})
	if err != nil {
		a.log.Error("a device's refusal could not be recorded", "device", string(d.ID), "err", err)
	}
}
