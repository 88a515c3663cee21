package access

import (
	"net/netip"

	"nightbell/appliance/audit"
)

// UseUp spends all that an address may try, without the work of trying.
func (a *Access) UseUp(from netip.Addr) {
	for range perAddress.burst {
		a.guesses.take(a.now(), charge{"address " + origin(from), perAddress})
	}
}

// Decoy says what kind of work a name costs that nobody has.
func (a *Access) Decoy(name string) (int, error) {
	acct, err := a.look(name)
	return int(acct.kind), err
}

// Owe pretends that a sign-in could not be recorded.
func (a *Access) Owe(l audit.Leaf) { a.owed.add(l) }
