package access

import "net/netip"

// Knock counts a link with a secret in it that was wrong, by the address that
// asked for it: a *TooMany says who should be kept waiting. One that is right is
// never counted nor refused: with 128 random bits nobody guesses it, and behind
// one address may sit a whole practice whose calls ring.
func (a *Access) Knock(from netip.Addr) error {
	wait, ok := a.knocks.take(a.now(), charge{"link " + origin(from), perMachine})
	if !ok {
		return &TooMany{After: wait}
	}
	return nil
}
