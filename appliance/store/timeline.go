package store

import (
	"fmt"
	"strconv"
	"strings"

	"nightbell/appliance/message"
)

// EventBucket holds the timelines: "ID/000003". Whoever feeds on write sets
// compares with it.
const EventBucket = "events"

var events = NewTable[message.Event](EventBucket)

// AddEvent adds a line to the end of a message's timeline.
func AddEvent(tx *Tx, id message.ID, e message.Event) error {
	if _, err := message.ParseID(string(id)); err != nil {
		return tx.Fail(fmt.Errorf("adding to a timeline: %w", err))
	}
	next := 1
	var err error
	tx.DescendPrefix(EventBucket, string(id)+"/", "", func(key string, _ []byte) bool {
		next, err = strconv.Atoi(strings.TrimPrefix(key, string(id)+"/"))
		next++
		return false
	})
	if err != nil {
		return tx.Fail(fmt.Errorf("%w: the timeline of %s has a line without a number", ErrDamaged, id))
	}
	return events.Put(tx, fmt.Sprintf("%s/%06d", id, next), e)
}

// Events answers a message's timeline, oldest first.
func Events(tx *Tx, id message.ID) (list []message.Event, err error) {
	err = events.Each(tx, string(id)+"/", func(_ string, e message.Event) error {
		list = append(list, e)
		return nil
	})
	return list, err
}

func deleteEvents(tx *Tx, id message.ID) error {
	var keys []string
	tx.AscendPrefix(EventBucket, string(id)+"/", func(key string, _ []byte) bool {
		keys = append(keys, key)
		return true
	})
	for _, key := range keys {
		if err := tx.Delete(EventBucket, key); err != nil {
			return err
		}
	}
	return nil
}
