package audit_test

import (
	"testing"

	"nightbell/appliance/audit"
	"nightbell/appliance/store"
)

// BenchmarkAppend is the cost of a leaf in a log that has 500,000, the commit
// shared by 1,000.
func BenchmarkAppend(b *testing.B) {
	s := log(b, 500_000)
	n := 500_000
	for b.Loop() {
		update(b, s, func(tx *store.Tx) error {
			for i := range 1000 {
				if _, err := audit.Append(tx, leaf(n+i)); err != nil {
					return err
				}
			}
			return nil
		})
		n += 1000
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "µs/leaf")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkVerify walks 100,000 leaves.
func BenchmarkVerify(b *testing.B) {
	const leaves = 100_000
	s := log(b, leaves)
	for b.Loop() {
		if r := verify(b, s); r.FirstBad != nil {
			b.Fatal(r.Why)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/leaves/1000, "µs/leaf")
	b.ReportMetric(0, "ns/op")
}
