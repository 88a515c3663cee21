package notify

import (
	"fmt"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// alarmBucket holds what the desks ring for, by message id.
const alarmBucket = "alarms"

var alarms = store.NewTable[Alarm](alarmBucket)

// Alarm is one message that every desk rings for, until a person takes it.
type Alarm struct {
	Notice
	At time.Time `json:"at"` // UTC: when it rang last
}

// NewAlarm makes the desk alarm channel. Beginning writes down what the desks
// ring for; the pages hear of it from the write set.
func NewAlarm(desks *Desks) Channel { return &alarmChannel{desks} }

type alarmChannel struct{ desks *Desks }

func (c *alarmChannel) Kind() Kind   { return KindDesk }
func (c *alarmChannel) Leaves() bool { return false }

// Check is Doubtful at worst: the alarm lies ready for whoever opens a desk.
func (c *alarmChannel) Check(*store.Tx, Address) (Condition, string, error) {
	if !c.desks.CanRing() {
		return Doubtful, noDesk, nil
	}
	return Working, "", nil
}

func (c *alarmChannel) Begin(tx *store.Tx, n Notice, _ Address, at time.Time) error {
	if err := alarms.Put(tx, string(n.Message), Alarm{Notice: n, At: at.UTC()}); err != nil {
		return fmt.Errorf("ringing the desks for message %s: %w", n.Message, err)
	}
	return nil
}

func (c *alarmChannel) End(tx *store.Tx, id message.ID, _ Address) error {
	if err := alarms.Delete(tx, string(id)); err != nil {
		return fmt.Errorf("silencing the desks for message %s: %w", id, err)
	}
	return nil
}

// Alarms answers what every desk rings for, the oldest message first.
func Alarms(tx *store.Tx) ([]Alarm, error) {
	var list []Alarm
	err := alarms.Each(tx, "", func(_ string, a Alarm) error {
		list = append(list, a)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading what the desks ring for: %w", err)
	}
	return list, nil
}
