package backup

// Progress is told how many bytes of about how many are done. It is called from
// the goroutine that does the work, often, and must not block; total may grow.
type Progress func(done, total int64)

// meter adds up what several steps have done.
type meter struct {
	done, total int64
	tell        Progress
}

func (m *meter) expect(bytes int64) { m.total += bytes }

// add counts bytes. It is handed to the steps as their done function.
func (m *meter) add(bytes int64) {
	m.done += bytes
	m.total = max(m.total, m.done)
	if m.tell != nil {
		m.tell(m.done, m.total)
	}
}

// finish says that all is done, whatever was estimated.
func (m *meter) finish() {
	m.total = m.done
	m.add(0)
}
