package escalation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// TestATimerOfTheFirstVersionRingsOn has timers as the first version wrote them:
// one that rang the first person, one that rang everybody for the second time,
// and one that was taken.
func TestATimerOfTheFirstVersionRingsOn(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.stop()
		p.open()
		at := p.clock.Now().UTC()
		form := `{"message":%q,"number":%d,"type":"urgent","urgency":"urgent",%s"since":%q,"rev":7,"written":%q,"next":%q}`
		ids := map[string]message.ID{}
		p.must(func(tx *store.Tx) error {
			for what, more := range map[string]string{
				"first":     `"state":"ringing","reason":"waiting","step":1,"times":1,"rang_at":"T","rung":[{"person":"okafor","at":"T","times":1}],`,
				"everybody": `"state":"ringing","reason":"waiting","step":4,"times":4,"last":true,"rang_at":"T","rung":[{"person":"okafor","at":"T","times":3}],`,
				"taken":     `"state":"promised","reason":"waiting","assignee":"hale","step":1,"times":1,"rang_at":"T",`,
			} {
				env := p.newMessage(message.Urgent)
				if what == "taken" {
					env.Status, env.Assignee = message.Taken, "hale"
				}
				ids[what] = env.ID
				if err := store.PutEnvelope(tx, env); err != nil {
					return err
				}
				now, next := at.Format(time.RFC3339Nano), at.Add(step).Format(time.RFC3339Nano)
				line := fmt.Sprintf(form, env.ID, env.Number, more, now, now, next)
				line = strings.ReplaceAll(line, `"T"`, fmt.Sprintf("%q", now))
				if err := tx.Put("escalations", string(env.ID), []byte(line)); err != nil {
					return err
				}
			}
			return nil
		})
		p.run()
		p.declines(ids["everybody"], "lindqvist")
		p.after(step)
		p.expectTold(ids["first"], "lindqvist@5")
		p.expectTold(ids["everybody"], "okafor@5", "lindqvist@5", "hale@5")
		p.expectTold(ids["taken"], "hale@5")
	}, "okafor", "lindqvist", "hale")
}
