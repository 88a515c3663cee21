package access_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/store"
)

func TestADeviceIsKnownByItsPassword(t *testing.T) {
	p := newPractice(t)
	pbx, password, err := p.door.AddDevice(t.Context(), audit.Owner, "PBX-1")
	p.must(err)
	other, otherPassword, err := p.door.AddDevice(t.Context(), audit.Owner, "scanner")
	p.must(err)
	if len(password) != 32 || !strings.HasPrefix(password, string(pbx.ID)) || strings.ToLower(password) != password {
		t.Errorf("the password has %d characters and does not begin with the id, or has capitals", len(password))
	}
	sum := sha256.Sum256([]byte(password))
	for what, c := range map[string]struct {
		user, password string
		right          bool
	}{
		"by name":                {"pbx-1", password, true},
		"by name, in capitals":   {"PBX-1", password, true},
		"by id":                  {string(pbx.ID), password, true},
		"another device's name":  {"scanner", password, false},
		"another one's password": {"pbx-1", otherPassword, false},
		"a letter less":          {"pbx-1", password[:31], false},
		"the id alone":           {"pbx-1", string(pbx.ID), false},
		"the kept hash":          {"pbx-1", hex.EncodeToString(sum[:]), false},
		"nothing":                {"", "", false},
		"a password of nobody":   {"pbx-1", "d234567-abcdefghijklmnopqrstuvwx", false},
		"a password without end": {"pbx-1", strings.Repeat("x", 1<<20), false},
		"the other one, by id":   {string(other.ID), otherPassword, true},
	} {
		d, err := p.door.AuthDevice(t.Context(), c.user, c.password, desk)
		if c.right && (err != nil || !strings.HasPrefix(c.password, string(d.ID))) {
			t.Errorf("%s: %v", what, err)
		}
		if !c.right && !errors.Is(err, access.ErrRefused) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if d, err := p.door.AuthBearer(t.Context(), password, desk); err != nil || d.ID != pbx.ID {
		t.Errorf("as a bearer: %v", err)
	}
	var bad *access.Invalid
	if _, _, err := p.door.AddDevice(t.Context(), audit.Owner, "pbx-1"); !errors.As(err, &bad) {
		t.Errorf("a second device of one name: %v", err)
	}
}

func TestARefusedDeviceIsAFindingUntilItIsLetInAgain(t *testing.T) {
	p := newPractice(t)
	_, password, err := p.door.AddDevice(t.Context(), audit.Owner, "pbx")
	p.must(err)
	for range 5 {
		if _, err := p.door.AuthDevice(t.Context(), "pbx", password+"x", desk); !errors.Is(err, access.ErrRefused) {
			t.Fatal(err)
		}
	}
	p.wantFindings("access.device")
	p.wantTrace("device-added", "device-refused")
	if _, err := p.door.AuthDevice(t.Context(), "pbx", password, desk); err != nil {
		t.Fatal(err)
	}
	p.wantFindings()
	for range 20 {
		if _, err := p.door.AuthDevice(t.Context(), "pbx", password, desk); err != nil {
			t.Fatal(err)
		}
	}
	p.wantTrace("device-added", "device-refused", "device-sign-in")
	p.clock.Advance(time.Hour)
	if _, err := p.door.AuthDevice(t.Context(), "pbx", password, desk); err != nil {
		t.Fatal(err)
	}
	p.wantTrace("device-added", "device-refused", "device-sign-in", "device-sign-in")
}

func TestAGuesserDoesNotKeepADeviceOfItsAddressOut(t *testing.T) {
	p := newPractice(t)
	_, password, err := p.door.AddDevice(t.Context(), audit.Owner, "pbx")
	p.must(err)
	var too *access.TooMany
	for range 25 {
		_, err = p.door.AuthDevice(t.Context(), "pbx", "guess", desk)
	}
	if !errors.As(err, &too) {
		t.Errorf("the guesser is not told to wait: %v", err)
	}
	if _, err := p.door.AuthDevice(t.Context(), "pbx", password, desk); err != nil {
		t.Errorf("the device is kept out: %v", err)
	}
	p.wantFindings("access.stranger")
	p.clock.Advance(25 * time.Hour)
	p.wantFindings()
}

func TestADisabledDeviceIsRefusedAndSeen(t *testing.T) {
	p := newPractice(t)
	pbx, password, err := p.door.AddDevice(t.Context(), audit.Owner, "pbx")
	p.must(err)
	p.must(p.door.DisableDevice(t.Context(), audit.Owner, pbx.ID))
	if _, err := p.door.AuthBearer(t.Context(), password, desk); !errors.Is(err, access.ErrRefused) {
		t.Errorf("a disabled device: %v", err)
	}
	p.wantFindings("access.device")
	if err := p.door.DisableDevice(t.Context(), audit.Owner, "dnobody"); !errors.Is(err, access.ErrUnknownDevice) {
		t.Errorf("disabling nobody: %v", err)
	}
	p.must(p.store.View(func(tx *store.Tx) error {
		all, err := p.door.Devices(tx)
		if len(all) != 1 || !all[0].Disabled {
			t.Errorf("listed %v", all)
		}
		return err
	}))
}
