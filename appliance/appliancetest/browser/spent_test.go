package browser_test

import (
	"sync"
	"testing"
	"time"
)

// spent adds up where the time of looking at pages goes.
type spent struct {
	mu    sync.Mutex
	times map[string]time.Duration
}

func (s *spent) on(what string, do func()) {
	began := time.Now()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.times == nil {
			s.times = map[string]time.Duration{}
		}
		s.times[what] += time.Since(began)
	}()
	do()
}

func (s *spent) log(t *testing.T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for what, took := range s.times {
		t.Logf("%s took %s, two tabs together", what, took.Round(time.Second))
	}
}
