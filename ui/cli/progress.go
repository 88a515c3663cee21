package cli

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// bar draws how far a long command is, with its rate and the time left, on a
// terminal only. The returned function ends the line.
func (e *env) bar(what string) (progress, func()) {
	if !e.terminal() {
		return func(int64, int64) {}, func() {}
	}
	var drawn *progressbar.ProgressBar
	draw := func(done, total int64) {
		if drawn == nil {
			drawn = progressbar.NewOptions64(total,
				progressbar.OptionSetDescription(what),
				progressbar.OptionSetWriter(e.errs),
				progressbar.OptionShowBytes(true),
				progressbar.OptionSetPredictTime(true),
				progressbar.OptionThrottle(100*time.Millisecond),
				progressbar.OptionClearOnFinish())
		}
		drawn.ChangeMax64(total)
		_ = drawn.Set64(done) // a bar that cannot be drawn must not stop a backup
	}
	return draw, func() {
		if drawn != nil {
			_ = drawn.Finish()
		}
	}
}
