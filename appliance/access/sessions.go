package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"slices"
	"sync"
	"time"

	"nightbell/appliance/message"
)

// maxSessions is how many browsers one person may be signed in with; the one
// not used for longest is signed out by a further one.
const maxSessions = 16

// Session is one signed-in browser as it stands at the moment of asking. It is
// a copy: ask Access.Session anew at each request, since roles change, people
// are disabled and the appliance is locked meanwhile.
type Session struct {
	ID       string           // names the session to others; no secret, opens nothing
	Who      message.PersonID // "owner" for the owner of the data folder
	Name     string
	FullName string
	Roles    []Role
	Teams    []message.TeamID

	Reader    bool // holds a key slot and a role that reads
	WantsSlot bool // has a role that reads, but nobody who reads has said yes yet
	Asleep    bool // a reader's session from before the last lock: the password has to be given again

	From       netip.Addr
	SignedInAt time.Time
	LastSeen   time.Time
	EndsAt     time.Time // at the latest
}

// May says whether the session allows p now. A reader's session that is asleep
// reads nothing, and one that waits for its key slot nothing of others; both
// still take messages and answer the bell.
func (s Session) May(p Permission) bool {
	if !Allowed(s.Roles, p) {
		return false
	}
	if s.Asleep && slices.Contains(reading, p) {
		return false
	}
	return !s.WantsSlot || !slices.Contains(readingOthers, p)
}

// Owner is who speaks through the socket in the data folder, or opens the
// folder's store: an admin, never a reader.
func Owner() Session {
	return Session{ID: "owner", Who: "owner", Name: "owner", FullName: "Owner of the data folder", Roles: []Role{Admin}}
}

// sessions are the signed-in browsers, in memory only: after a restart
// everybody signs in, and that opens the lock.
type sessions struct {
	idle, absolute time.Duration

	mu    sync.Mutex
	held  map[[sha256.Size]byte]*held
	ended []func(id string)
}

// held is a session as it is kept; what may change meanwhile is read from the
// store at each asking.
type held struct {
	id         string
	who        message.PersonID
	credential int // its number; a session of an earlier one has ended
	asleep     bool
	from       netip.Addr
	since      time.Time
	seen       time.Time
}

func newSessions(idle, absolute time.Duration) *sessions {
	return &sessions{idle: idle, absolute: absolute, held: map[[sha256.Size]byte]*held{}}
}

func (s *sessions) onEnd(f func(id string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = append(s.ended, f)
}

// begin keeps a new session under a fresh token of 256 random bits, of which
// only the SHA-256 stays here.
func (s *sessions) begin(h held, now time.Time) (token string) {
	var secret [32]byte
	rand.Read(secret[:])
	token = base64.RawURLEncoding.EncodeToString(secret[:])
	h.id = rand.Text()
	h.since, h.seen = now, now

	s.end(func(old *held) bool { return s.over(old, now) })
	s.mu.Lock()
	oldest, count := (*held)(nil), 0
	for _, old := range s.held {
		if old.who != h.who {
			continue
		}
		if count++; oldest == nil || old.seen.Before(oldest.seen) {
			oldest = old
		}
	}
	s.held[sha256.Sum256([]byte(token))] = &h
	s.mu.Unlock()
	if count >= maxSessions {
		s.end(func(old *held) bool { return old == oldest })
	}
	return token
}

// find answers the session of a token that has not run out. With touch its
// person was there, and the idle time starts anew.
func (s *sessions) find(token string, now time.Time, touch bool) (held, bool) {
	key := sha256.Sum256([]byte(token))
	s.mu.Lock()
	h, ok := s.held[key]
	over := ok && s.over(h, now)
	if ok && !over && touch {
		h.seen = now
	}
	var kept held
	if ok {
		kept = *h
	}
	s.mu.Unlock()
	if over {
		s.end(func(old *held) bool { return old.id == kept.id })
	}
	return kept, ok && !over
}

func (s *sessions) over(h *held, now time.Time) bool {
	return now.Sub(h.seen) >= s.idle || now.Sub(h.since) >= s.absolute
}

// end ends the sessions that match and tells whoever asked to be told.
func (s *sessions) end(match func(*held) bool) {
	var gone []string
	s.mu.Lock()
	for key, h := range s.held {
		if match(h) {
			gone = append(gone, h.id)
			delete(s.held, key)
		}
	}
	tell := slices.Clone(s.ended)
	s.mu.Unlock()
	for _, id := range gone {
		for _, f := range tell {
			f(id)
		}
	}
}

// change alters the sessions that match.
func (s *sessions) change(match func(*held) bool, alter func(*held)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.held {
		if match(h) {
			alter(h)
		}
	}
}

// In says whether messages given to a team are the session's to read and work.
func (s Session) In(team message.TeamID) bool { return in(s.Teams, team) }
