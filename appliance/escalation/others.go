package escalation

import (
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// rungBucket knows for whom which message rings, by PERSON/MESSAGE, so that a
// second call can say that it is not the only one.
const rungBucket = "rung"

// maxOthers is where counting ends: nobody reads a larger number at night.
const maxOthers = 99

func rungKey(p message.PersonID, id message.ID) string { return string(p) + "/" + string(id) }

// others counts the other messages that ring somebody now.
func others(tx *store.Tx, p message.PersonID, but message.ID) (n int) {
	prefix := string(p) + "/"
	tx.AscendPrefix(rungBucket, prefix, func(key string, _ []byte) bool {
		id := key[len(prefix):]
		if id != string(but) && tx.Has(bucket, id) {
			n++
		}
		return n < maxOthers
	})
	return n
}
