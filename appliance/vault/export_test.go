package vault

// SetStep has f called at each step that a crash may follow.
func (v *Vault) SetStep(f func(step string)) { v.step = f }

// SettleSlots waits for the slot files to be what the store says.
func (v *Vault) SettleSlots() { v.settles.Wait() }
