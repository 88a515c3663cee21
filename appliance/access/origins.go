package access

import (
	"net/netip"
	"time"

	"nightbell/appliance/store"
)

// What the door remembers over a restart, which is when everybody comes at once.
const (
	bucketDoor = "door"
	keyDecoys  = "decoys" // key of the hash by which unknown names get their kind of work

	maxOrigins = 512 // addresses remembered; more than a practice has
)

// origins are the addresses from which somebody signed in, with the last time.
// They are served first when many wait; they prove nothing.
var origins = store.NewTable[time.Time]("door-origins")

// cameBefore says whether somebody signed in from the address before. Not to
// know costs a place in the line, no more.
func (a *Access) cameBefore(from netip.Addr) (known bool) {
	err := a.store.View(func(tx *store.Tx) (err error) {
		_, known, err = origins.Get(tx, origin(from))
		return err
	})
	if err != nil {
		a.log.Warn("addresses that signed in before could not be read", "err", err)
	}
	return known
}

// keepDecoyKey keeps a fresh random key, unless there is one already.
func keepDecoyKey(tx *store.Tx, key []byte) error {
	if tx.Has(bucketDoor, keyDecoys) {
		return nil
	}
	return tx.Put(bucketDoor, keyDecoys, key)
}

// remember keeps an address that signed in, dropping the one unused for longest
// when there are too many.
func remember(tx *store.Tx, origin string, now time.Time) error {
	if _, known, err := origins.Get(tx, origin); err != nil {
		return err
	} else if !known {
		count, oldest, since := 0, "", now
		err := origins.Each(tx, "", func(key string, last time.Time) error {
			if count++; oldest == "" || last.Before(since) {
				oldest, since = key, last
			}
			return nil
		})
		if err != nil {
			return err
		}
		if count >= maxOrigins {
			if err := origins.Delete(tx, oldest); err != nil {
				return err
			}
		}
	}
	return origins.Put(tx, origin, now)
}
