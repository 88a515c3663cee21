package message_test

import (
	"errors"
	"testing"

	"nightbell/appliance/message"
)

func TestWhichStepMayFollowWhich(t *testing.T) {
	statuses := []message.Status{message.New, message.Taken, message.CalledBack, message.Closed}
	may := map[message.Step][4]message.Status{ // "" where the step is refused
		message.StepTake:     {message.Taken, message.Taken, message.CalledBack, ""},
		message.StepHandOff:  {message.New, message.Taken, message.Taken, ""},
		message.StepCallBack: {message.CalledBack, message.CalledBack, message.CalledBack, ""},
		message.StepClose:    {message.Closed, message.Closed, message.Closed, ""},
		message.StepReopen:   {"", "", "", message.Taken},
		message.StepDecline:  {message.New, message.New, "", ""},
		message.StepRaise:    {message.New, message.Taken, message.Taken, ""},
		message.StepLower:    {message.New, message.Taken, message.CalledBack, ""},
		"fly":                {"", "", "", ""},
	}
	for step, want := range may {
		for i, from := range statuses {
			got, err := from.Next(step)
			var refused *message.StepError
			switch {
			case want[i] == "" && !errors.As(err, &refused):
				t.Errorf("%s from %s is not refused", step, from)
			case want[i] == "" && (got != from || refused.From != from || refused.Step != step):
				t.Errorf("%s from %s: the refusal moves the status or names another step", step, from)
			case want[i] != "" && (err != nil || got != want[i]):
				t.Errorf("%s from %s goes to %s (%v), not to %s", step, from, got, err, want[i])
			}
		}
	}
}

func TestEveryStatusCanReachItsEnd(t *testing.T) {
	for _, from := range []message.Status{message.New, message.Taken, message.CalledBack} {
		if to, err := from.Next(message.StepClose); err != nil || to != message.Closed {
			t.Errorf("%s cannot be closed", from)
		}
		if !(message.Envelope{Status: from}).Open() {
			t.Errorf("%s does not count as open", from)
		}
	}
	if (message.Envelope{Status: message.Closed}).Open() {
		t.Error("closed counts as open")
	}
}
