// Package mailbox is an IMAP server for tests, with one mailbox, IDLE and TLS
// from the first byte by an authority of its own. It is for tests only.
package mailbox

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-imap"
	"github.com/emersion/go-imap/backend"
	"github.com/emersion/go-imap/backend/backendutil"
	"github.com/emersion/go-imap/server"
	"github.com/emersion/go-message"

	"nightbell/appliance/appliancetest/smarthost"
)

// The sign-in of the server.
const (
	User     = "bell@example.com"
	Password = "correct horse"
)

// Server is an IMAP server with an INBOX.
type Server struct {
	Addr string // HOST:PORT
	CA   *smarthost.CA

	imap    *server.Server
	updates chan backend.Update
	mu      sync.Mutex
	list    []letter
	uid     uint32
	valid   uint32
}

type letter struct {
	uid uint32
	at  time.Time
	raw []byte
}

// Start starts a server.
func Start() (*Server, error) {
	ca, err := smarthost.NewCA()
	if err != nil {
		return nil, err
	}
	conf, err := ca.ServerTLS()
	if err != nil {
		return nil, err
	}
	ln, err := tls.Listen("tcp", "127.0.0.1:0", conf)
	if err != nil {
		return nil, err
	}
	s := &Server{Addr: ln.Addr().String(), CA: ca, updates: make(chan backend.Update), uid: 40, valid: 7}
	s.serve(ln)
	return s, nil
}

func (s *Server) serve(ln net.Listener) {
	s.imap = server.New(&store{s})
	s.imap.ErrorLog = log.New(io.Discard, "", 0)
	go func() { _ = s.imap.Serve(ln) }()
}

// Close stops it.
func (s *Server) Close() { s.imap.Close() }

// Cut ends all connections; new ones are served.
func (s *Server) Cut() {
	s.imap.ForEachConn(func(c server.Conn) { c.Close() })
}

// Deliver puts a mail into the mailbox and tells whoever idles there.
func (s *Server) Deliver(raw string, at time.Time) {
	s.mu.Lock()
	s.uid++
	s.list = append(s.list, letter{s.uid, at, []byte(raw)})
	count := uint32(len(s.list))
	s.mu.Unlock()
	status := imap.NewMailboxStatus("INBOX", []imap.StatusItem{imap.StatusMessages})
	status.Messages = count
	s.updates <- &backend.MailboxUpdate{Update: backend.NewUpdate(User, "INBOX"), MailboxStatus: status}
}

// Renumber begins the mailbox's numbers anew (RFC 3501 2.3.1.1).
func (s *Server) Renumber() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.valid++
	for i := range s.list {
		s.list[i].uid = uint32(i + 1)
	}
	s.uid = uint32(len(s.list))
}

// store is the server's backend, its user and its mailbox.
type store struct{ s *Server }

func (b *store) Updates() <-chan backend.Update { return b.s.updates }

func (b *store) Login(_ *imap.ConnInfo, user, password string) (backend.User, error) {
	if user != User || password != Password {
		return nil, errors.New("wrong user or password")
	}
	return b, nil
}

func (b *store) Username() string { return User }
func (b *store) ListMailboxes(bool) ([]backend.Mailbox, error) {
	return []backend.Mailbox{b.box()}, nil
}
func (b *store) CreateMailbox(string) error         { return errFixed }
func (b *store) DeleteMailbox(string) error         { return errFixed }
func (b *store) RenameMailbox(string, string) error { return errFixed }
func (b *store) Logout() error                      { return nil }

func (b *store) GetMailbox(name string) (backend.Mailbox, error) {
	if name != "INBOX" {
		return nil, backend.ErrNoSuchMailbox
	}
	return b.box(), nil
}

var errFixed = errors.New("this mailbox is only read")

func (b *store) box() *box { return &box{b.s} }

type box struct{ s *Server }

func (b *box) Name() string { return "INBOX" }

func (b *box) Info() (*imap.MailboxInfo, error) {
	return &imap.MailboxInfo{Delimiter: "/", Name: "INBOX"}, nil
}

func (b *box) Status(items []imap.StatusItem) (*imap.MailboxStatus, error) {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	status := imap.NewMailboxStatus("INBOX", items)
	status.Messages, status.UidNext, status.UidValidity = uint32(len(b.s.list)), b.s.uid+1, b.s.valid
	return status, nil
}

func (b *box) SetSubscribed(bool) error { return nil }
func (b *box) Check() error             { return nil }
func (b *box) Expunge() error           { return errFixed }

func (b *box) ListMessages(uid bool, set *imap.SeqSet, items []imap.FetchItem, ch chan<- *imap.Message) error {
	defer close(ch)
	b.s.mu.Lock()
	list := b.s.list
	b.s.mu.Unlock()
	for i, l := range list {
		seq := uint32(i + 1)
		if id := map[bool]uint32{true: l.uid, false: seq}[uid]; !set.Contains(id) {
			continue
		}
		m := imap.NewMessage(seq, items)
		for _, item := range items {
			switch item {
			case imap.FetchUid:
				m.Uid = l.uid
			case imap.FetchInternalDate:
				m.InternalDate = l.at
			default:
				section, err := imap.ParseBodySectionName(item)
				if err != nil {
					return fmt.Errorf("asked for %q: %w", item, err)
				}
				m.Body[section] = bytes.NewReader(section.ExtractPartial(l.raw))
			}
		}
		ch <- m
	}
	return nil
}

func (b *box) SearchMessages(uid bool, criteria *imap.SearchCriteria) (ids []uint32, err error) {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	for i, l := range b.s.list {
		e, err := message.Read(bytes.NewReader(l.raw))
		if err != nil && e == nil {
			continue
		}
		ok, err := backendutil.Match(e, uint32(i+1), l.uid, l.at, nil, criteria)
		if err != nil {
			return nil, err
		}
		if ok {
			ids = append(ids, map[bool]uint32{true: l.uid, false: uint32(i + 1)}[uid])
		}
	}
	return ids, nil
}

func (b *box) CreateMessage([]string, time.Time, imap.Literal) error { return errFixed }
func (b *box) UpdateMessagesFlags(bool, *imap.SeqSet, imap.FlagsOp, []string) error {
	return errFixed
}
func (b *box) CopyMessages(bool, *imap.SeqSet, string) error { return errFixed }
