package appliancetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/appliance/store"
)

// patience is how long a test waits for something that has to come by itself:
// far longer than it takes on a busy machine, so that only what never comes fails.
const patience = 2 * time.Minute

// Until waits for something that a commit brings about: it looks now, and again
// after each commit. It fails the test when it does not come.
func (p *Practice) Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		next := p.commits.next()
		if ok() {
			return
		}
		select {
		case <-next:
		case <-late.C:
			t.Fatalf("it does not come: %s\n%s", what, p.Logs.Bytes())
		}
	}
}

// Received waits until the smarthost took n mails in all, and answers them.
func (p *Practice) Received(t testing.TB, n int) []smarthost.Mail {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	mails, err := p.Smarthost.Wait(ctx, n)
	if err != nil {
		t.Fatalf("the smarthost received %d mails, not %d", len(mails), n)
	}
	return mails
}

// commits wakes whoever waits for the next commit.
type commits struct {
	mu sync.Mutex
	ch chan struct{}
}

// next is closed by the next commit.
func (c *commits) next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ch == nil {
		c.ch = make(chan struct{})
	}
	return c.ch
}

func (c *commits) came(store.WriteSet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ch != nil {
		close(c.ch)
		c.ch = nil
	}
}
