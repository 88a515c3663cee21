package appliance

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

// Key is what a command was given to open sealed things with: the name and
// password of somebody who reads, or the text of a recovery kit or an age
// identity. It opens for that command alone; the appliance stays as it is.
type Key struct {
	User     string
	Password string
	Identity string
}

// given says whether there is anything to open with.
func (k Key) given() bool { return k.User != "" || k.Identity != "" }

// open answers a reader and who it is that reads, for the audit log. The caller
// closes it. What does not open is a refusal in the log.
func (a *Appliance) open(ctx context.Context, k Key) (r *vault.Reader, who string, err error) {
	switch {
	case k.Identity != "":
		if r, err = a.openByIdentity(k.Identity); err == nil {
			who = keyHolder
		}
	case k.User != "":
		r, who, err = a.openByPassword(ctx, k.User, k.Password)
	default:
		return nil, "", withTodo("this shows what a patient said", "give --user NAME --password-file FILE, or --identity FILE with the recovery kit")
	}
	if errors.Is(err, access.ErrRefused) || errors.Is(err, crypto.ErrWrongKey) {
		a.Access.Refused(ctx, audit.Leaf{What: audit.SignInRefused, Who: cmp.Or(who, "unknown"), Why: "wrong", From: "command-line"})
	}
	return r, who, err
}

func (a *Appliance) openByIdentity(identity string) (*vault.Reader, error) {
	ids, err := crypto.ParseIdentities(strings.NewReader(identity))
	if err != nil {
		return nil, &Advice{What: "the identity file cannot be read", Do: "give the recovery kit as it was printed to the file, or an age identity", Err: err}
	}
	r, err := a.Vault.ReaderFor(ids...)
	if err != nil {
		return nil, &Advice{What: "this identity opens nothing here", Do: "give the recovery kit of this practice", Err: err}
	}
	return r, nil
}

func (a *Appliance) openByPassword(ctx context.Context, name, password string) (r *vault.Reader, who string, err error) {
	var p access.Person
	var found bool
	err = a.Store.View(func(tx *store.Tx) (err error) {
		p, found, err = a.Access.FindPerson(tx, name)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	if !found || !p.Reads() {
		return nil, string(p.ID), access.ErrRefused
	}
	r, err = a.Vault.CheckPassword(ctx, p.ID, password)
	if errors.Is(err, crypto.ErrWrongPassword) {
		err = access.ErrRefused
	}
	return r, string(p.ID), err
}

// keyHolder stands in the audit log for whoever holds the recovery kit.
const keyHolder = "recovery-kit"
