package notify

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"nightbell/appliance/message"
)

// maxWays is how many addresses of one kind a person is told at: as many as
// anybody may have in all.
const maxWays = 20

// noticeKey is what a newer notice replaces an older one by. It goes by person
// and place in their ways, not by address: somebody whose address was changed in
// the meantime is told at the new one only.
func noticeKey(id message.ID, person message.PersonID, kind Kind, way int) string {
	key := "bell/" + string(id) + "/" + string(person)
	if kind != KindMail {
		key += "/" + string(kind)
	}
	if way > 0 {
		key += "/" + strconv.Itoa(way+1)
	}
	return key
}

// noticeID makes the UUIDv7 of a notice out of what it is, so that a change that
// runs again, on this machine or another, makes the same one.
func noticeID(n Notice, person message.PersonID, kind Kind, way int, at time.Time) message.ID {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n%d\n%d\n%d", n.Message, person, kind, way, n.Step, at.UnixNano())
	var u uuid.UUID
	copy(u[:], h.Sum(nil))
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(at.UnixMilli()))
	copy(u[:6], ms[2:])     // RFC 9562 5.7: 48 bits of milliseconds,
	u[6] = u[6]&0x0f | 0x70 // the version,
	u[8] = u[8]&0x3f | 0x80 // and the variant
	return message.ID(u.String())
}

// best answers what can be expected of the best of some addresses, and why when
// none works.
func best(addresses []string, none string, of func(address string) (Condition, string)) (Condition, string, error) {
	condition, why := Absent, none
	for i, a := range addresses {
		got, reason := of(a)
		if i == 0 || got > condition {
			condition, why = got, reason
		}
	}
	return condition, why, nil
}
