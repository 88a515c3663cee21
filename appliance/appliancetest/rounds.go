package appliancetest

import "os"

// Rounds is how often a scenario of chance is played: some times in `make test`,
// many in `make soak`.
func Rounds(usual, soak int) int {
	if os.Getenv("NIGHTBELL_SOAK") != "" {
		return soak
	}
	return usual
}
