package appliance

import (
	"nightbell/appliance/notify"
	"nightbell/appliance/vault"
)

// answerTokens are made and checked by the key among the machine's secrets. A
// practice of an older version gets one at its first start; where it cannot be
// kept, answers work until the next start.
func (a *Appliance) answerTokens() notify.Tokens {
	var key []byte
	err := a.changeSecrets(func(s *vault.Secrets) error {
		if key = s.AnswerKey; key == nil {
			key = vault.NewAnswerKey()
			s.AnswerKey = key
			return nil
		}
		return errUnchanged
	})
	if err != nil {
		a.Log.Error("the key for answers to notices is not kept", "err", err)
	}
	if key == nil {
		key = vault.NewAnswerKey()
	}
	return notify.NewTokens(key)
}
