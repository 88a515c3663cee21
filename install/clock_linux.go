package install

import "golang.org/x/sys/unix"

// ClockSynced says whether a time server keeps this machine's clock: the kernel
// knows, and forgets it whenever somebody sets the clock by hand.
func ClockSynced() bool {
	var t unix.Timex // Modes 0: it is asked, not set (adjtimex(2))
	state, err := unix.Adjtimex(&t)
	return err == nil && state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
}
