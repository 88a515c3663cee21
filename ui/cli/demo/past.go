package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance"
	"nightbell/appliance/access"
	"nightbell/appliance/desk"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/crypto"
)

const (
	pastMessages = 200
	pastDays     = 21
	stillOpen    = 12 // of the newest, which the desk has not finished; none urgent
)

// past takes the messages of three weeks through the real intake, with a clock
// that is set back, and works all but the newest to their end.
func (d *day) past(ctx context.Context) (err error) {
	began := time.Now().Add(-pastDays * 24 * time.Hour)
	clock := clockwork.NewFakeClockAt(began)
	a, err := appliance.Open(ctx, appliance.Options{Dir: d.path("data"), Clock: clock})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	kit, err := os.ReadFile(d.path("kit.txt"))
	if err != nil {
		return fmt.Errorf("reading the recovery kit: %w", err)
	}
	ids, err := crypto.ParseIdentities(bytes.NewReader(kit))
	if err != nil {
		return err
	}
	if err := a.Vault.Unlock(ctx, ids...); err != nil {
		return err
	}
	rosa, err := sessionOf(a, "rosa")
	if err != nil {
		return err
	}
	pick := rand.New(rand.NewPCG(1, 2)) // the same practice at every demo
	const each = pastDays * 24 * time.Hour / (pastMessages + 1)
	for n := range pastMessages {
		clock.Advance(each - clock.Since(began)%each) // working the one before took a few minutes of it
		call := believable(pick, rosa.Who)
		receipt, err := a.Intake.Take(ctx, call)
		if err != nil {
			return err
		}
		if n < pastMessages-stillOpen || call.Type == message.TypeUrgent {
			if err := workToItsEnd(ctx, a, clock, pick, rosa, receipt.ID); err != nil {
				return err
			}
		}
	}
	d.messages = pastMessages
	return nil
}

// sessionOf answers a session of somebody of the practice.
func sessionOf(a *appliance.Appliance, name string) (access.Session, error) {
	people, err := a.People()
	if err != nil {
		return access.Session{}, err
	}
	for _, p := range people {
		if p.Name == name {
			return access.Session{ID: "demo", Who: p.ID, Name: p.Name, FullName: p.Call(), Roles: p.Roles, Reader: p.Reads()}, nil
		}
	}
	return access.Session{}, fmt.Errorf("%s is not among the people", name)
}

// workToItsEnd takes a message, calls back and closes it, some minutes apart.
func workToItsEnd(ctx context.Context, a *appliance.Appliance, clock *clockwork.FakeClock, pick *rand.Rand, who access.Session, id message.ID) error {
	clock.Advance(time.Duration(1+pick.IntN(8)) * time.Minute)
	if _, err := a.Desk.Take(ctx, who, id, desk.Seen{}); err != nil {
		return err
	}
	clock.Advance(time.Duration(1+pick.IntN(8)) * time.Minute)
	reached := pick.IntN(4) > 0
	if _, err := a.Desk.CallBack(ctx, who, id, reached, ""); err != nil {
		return err
	}
	outcome := message.OutcomeDone
	if !reached {
		outcome = message.OutcomeLeftWord
	}
	_, err := a.Desk.Close(ctx, who, id, desk.Seen{}, outcome, "")
	return err
}

// believable makes a call as a practice gets it.
func believable(pick *rand.Rand, by message.PersonID) intake.Taking {
	one := func(list []string) message.Clear { return message.Clear(list[pick.IntN(len(list))]) }
	form := map[string]message.Clear{
		"caller":   one(firstNames) + " " + one(lastNames),
		"callback": message.Clear(fmt.Sprintf("503 555 01%02d", pick.IntN(100))),
	}
	t := intake.Taking{Form: form, Channel: message.ChannelDesk, TypedBy: by}
	switch n := pick.IntN(20); {
	case n < 5:
		t.Type = message.TypeNew
		form["reason"] = one(reasons)
	case n < 9:
		t.Type = message.TypeChange
		form["appointment"], form["change"] = one(appointments), "move"
	case n < 14:
		t.Type = message.TypeRefill
		form["medication"], form["pharmacy"] = one(medications), one(pharmacies)
	case n < 17:
		t.Type = message.TypeBilling
		form["question"] = one(questions)
	case n < 18:
		t.Type = message.TypeUrgent
		form["symptoms"], form["since"] = one(symptoms), "this morning"
	default:
		t.Type = message.TypeOther
		form["reason"] = "Records for a new doctor"
	}
	if pick.IntN(2) == 0 {
		form["read_back"] = "yes"
	}
	return t
}

var (
	firstNames   = []string{"Marisol", "Harold", "Priya", "Tom", "Jun", "Ines", "Walter", "Grace", "Omar", "Lena", "Pablo", "Ruth", "Nadia", "Caleb", "Yuki", "Edith"}
	lastNames    = []string{"Quintero", "Beck", "Raman", "Achterberg", "Sato", "Holm", "Nowak", "Abara", "Haddad", "Fischer", "Reyes", "Tan", "Petrov", "Young", "Mori", "Lund"}
	reasons      = []string{"Yearly check-up", "New to town, wants a family doctor", "Knee hurts going down stairs", "Blood pressure check", "School form for the older boy", "Rash that comes and goes"}
	appointments = []string{"Thursday 10:30", "Monday early afternoon", "next Tuesday, she thinks 9:00", "Friday 4:15", "the 3rd, morning"}
	medications  = []string{"Lisinopril", "Metformin", "Levothyroxine", "Atorvastatin", "Albuterol inhaler", "Sertraline"}
	pharmacies   = []string{"Elm Street Pharmacy", "Riverside Drugs", "Hawthorne Pharmacy, 12th Avenue"}
	questions    = []string{"Charged twice for the September visit", "Wants an itemized statement", "Insurance says the claim never came", "Can the balance be paid in parts?"}
	symptoms     = []string{"Fever since last night, keeps fluids down", "Swelling after Tuesday's procedure", "Dizzy since the new pills", "Ear pain, crying, 3 years old"}
)
