package crypto_test

import (
	"errors"
	"strings"
	"testing"

	"nightbell/crypto"
)

func TestPasswordRule(t *testing.T) {
	names := []string{"dana", "Dana Whitfield", "Maple Street Family Medicine"}
	for _, c := range []struct {
		name, password string
		why            string // "" is accepted
	}{
		{"nothing is too short", "", "too short"},
		{"fourteen characters are too short", "kM4#pQ9!xT2&vL", "too short"},
		{"fifteen characters of nonsense are enough", "kM4#pQ9!xT2&vLz", ""},
		{"characters are counted, not bytes", "äöüäöüßéèñçøåæ", "too short"},
		{"words that have nothing to do with each other", "lantern otter 7 gravel bishop", ""},
		{"words in another language", "fenster giraffe möwe 12 kessel", ""},
		{"a common word twice", "passwordpassword", "repeats"},
		{"a common word and digits", "password1234567890", "guessers"},
		{"a common word dressed up", "P@$$w0rd!P@ssw0rd?2024", "guessers"},
		{"season and year", "Summer2026Welcome!!", "guessers"},
		{"keyboard rows", "qwertyuiopasdfghjkl", "guessers"},
		{"keyboard rows backwards", "lkjhgfdsapoiuytrewq", "guessers"},
		{"the digits", "123456789012345678", "guessers"},
		{"the alphabet", "abcdefghijklmnopqrs", "guessers"},
		{"one character", "aaaaaaaaaaaaaaaaaaaa", "repeats"},
		{"two characters", "abababababababababab", "repeats"},
		{"a line of a song", "twinkle twinkle little star", "guessers"},
		{"the famous comic", "correct horse battery staple", "guessers"},
		{"the person's name", "DanaWhitfield2026", "name"},
		{"the practice's name", "maple street family medicine", "name"},
		{"a name among enough others", "dana lantern otter gravel", ""},
		{"a line end", "lantern otter gravel\nbishop", "typed"},
		{"work and a number", "frontdesk office 2026", "guessers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := crypto.CheckPassword(c.password, names...)
			if c.why == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			var weak *crypto.WeakPasswordError
			if !errors.As(err, &weak) {
				t.Fatalf("accepted (%v)", err)
			}
			if !strings.Contains(weak.Why, c.why) || weak.Do == "" {
				t.Errorf("refused because %q, want a reason with %q and what to do", err, c.why)
			}
		})
	}
}

func TestAccountWithoutASlotMayHaveAShorterPassword(t *testing.T) {
	if err := crypto.CheckShortPassword("kM4#pQ9!xT2&"); err != nil {
		t.Errorf("twelve characters of nonsense: %v", err)
	}
	if err := crypto.CheckShortPassword("kM4#pQ9!xT2"); err == nil {
		t.Error("eleven were accepted")
	}
	if err := crypto.CheckShortPassword("password2026"); err == nil {
		t.Error("a common one was accepted")
	}
}

func FuzzPasswordRuleNeverPanics(f *testing.F) {
	f.Add("passwordpassword", "dana")
	f.Add("\xff\xfe lantern otter gravel", "ß")
	f.Fuzz(func(t *testing.T, password, name string) {
		if err := crypto.CheckPassword(password, name); err == nil && len([]rune(password)) < crypto.MinPassword {
			t.Error("a short password was accepted")
		}
	})
}
