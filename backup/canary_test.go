package backup

import (
	"bytes"
	"testing"

	"nightbell/appliance/appliancetest/canary"
)

func TestNothingOfAPatientIsOnATargetOrInWhatARunLeaves(t *testing.T) {
	p := newPractice(t)
	flock := canary.New()
	p.receiveOne(flock.Word("text"), bytes.Repeat([]byte(flock.Word("voicemail")), 5000))
	p.step = func(what string) {
		for _, dir := range []string{p.target, p.backup.o.Scratch} {
			finds, err := flock.Folder(dir)
			must(t, err)
			for _, f := range finds {
				t.Errorf("at %q: %s", what, f)
			}
		}
	}
	p.takeBackup()
	p.step("the end")
}
