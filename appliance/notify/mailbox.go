package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/mail"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap"
	"github.com/emersion/go-imap/client"
	"github.com/jhillyerd/enmime/v2"

	"nightbell/appliance/settings"
)

// SecretReplies names the password at the mailbox of replies.
const SecretReplies = "replies.password"

// NewMailbox makes the listener on the mailbox that replies to notices come to:
// IMAP over TLS from the first byte (RFC 8314), held open by IDLE (RFC 2177). It
// reads, and changes nothing there.
func NewMailbox() Listener { return mailbox{} }

type mailbox struct{}

func (mailbox) Kind() Kind { return KindMail }

func (mailbox) Ready(c Config) string {
	if c.Setting(settings.RepliesServer) == "" {
		return "No mailbox for replies is set. Set replies.server."
	}
	if c.Setting(settings.RepliesUser) == "" || c.Secret(SecretReplies) == "" {
		return "The sign-in at the mailbox of replies is missing. Set replies.user and replies.password-file."
	}
	return ""
}

const (
	imapPatience = 30 * time.Second
	// idleFor is how long one IDLE lasts: a connection that died without a word
	// is seen then, long before the 29 minutes that RFC 2177 allows.
	idleFor = 4 * time.Minute
	// pollEach is for servers without IDLE.
	pollEach = 15 * time.Second
	// lookBack is how old a reply may be when the mailbox is first seen, or its
	// numbers began anew.
	lookBack = 24 * time.Hour
)

func (mailbox) Listen(ctx context.Context, line Line) error {
	s, why := open(ctx, line)
	if why != "" {
		return &Deaf{why}
	}
	ended := context.AfterFunc(ctx, func() { _ = s.c.Terminate() }) // whatever it says: nothing is kept there
	defer func() {
		if ended() {
			_ = s.c.Terminate()
		}
	}()
	state, err := s.c.Select(line.Setting(settings.RepliesFolder), true)
	if err != nil {
		return &Deaf{whyFolder}
	}
	line.Up()
	at := readPlace(line.Position, state.UidValidity)
	for ctx.Err() == nil {
		s.again = false
		if at, err = s.fetch(ctx, at); err != nil {
			return err
		}
		if s.again {
			continue // something came meanwhile: IDLE would not say so
		}
		if err := s.idle(ctx); err != nil {
			return &Deaf{whyMailbox(line, err)}
		}
		line.Up()
	}
	return nil
}

// session is one connection to the mailbox.
type session struct {
	c     *client.Client
	line  Line
	news  chan client.Update
	again bool // the mailbox changed while it was read
}

// open signs in, over verified TLS.
func open(ctx context.Context, line Line) (*session, string) {
	host := strings.TrimPrefix(line.Setting(settings.RepliesServer), "imaps://")
	conf, why := TLS(line.Setting(settings.ChannelsCA))
	if why != "" {
		return nil, why
	}
	c, err := client.DialWithDialerTLS(dialing{ctx}, host, conf)
	if err != nil {
		return nil, whyNoAnswer(host, err)
	}
	c.Timeout = imapPatience
	c.ErrorLog = log.New(io.Discard, "", 0) // it quotes what the server says
	s := &session{c: c, line: line, news: make(chan client.Update, 16)}
	c.Updates = s.news
	if err := c.Login(line.Setting(settings.RepliesUser), line.Secret(SecretReplies)); err != nil {
		_ = c.Terminate()
		return nil, whyMailboxSignIn
	}
	return s, ""
}

// dialing is a net.Dialer that ends with a context, and whose connections wait
// for the server's first word no longer than for any other.
type dialing struct{ ctx context.Context }

func (d dialing) Dial(network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: dialTime}).DialContext(d.ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(imapPatience)) // of sockets, which know no other clock
}

// place is up to where the mailbox was read: the validity of its numbers, and
// the highest that was read (RFC 3501 2.3.1.1).
type place struct{ validity, uid uint32 }

func readPlace(position string, validity uint32) place {
	v, u, _ := strings.Cut(position, ":")
	had, verr := strconv.ParseUint(v, 10, 32)
	uid, uerr := strconv.ParseUint(u, 10, 32)
	if verr != nil || uerr != nil || uint32(had) != validity {
		return place{validity: validity}
	}
	return place{validity, uint32(uid)}
}

func (p place) String() string { return fmt.Sprintf("%d:%d", p.validity, p.uid) }

// fetch reads what came since a place, mail by mail.
func (s *session) fetch(ctx context.Context, at place) (place, error) {
	uids, err := while(s, func() ([]uint32, error) {
		criteria := imap.NewSearchCriteria()
		if at.uid == 0 {
			criteria.Since = s.line.Now().Add(-lookBack)
		} else {
			criteria.Uid = new(imap.SeqSet)
			criteria.Uid.AddRange(at.uid+1, 0)
		}
		return s.c.UidSearch(criteria)
	})
	if err != nil {
		return at, &Deaf{whyMailbox(s.line, err)}
	}
	slices.Sort(uids)
	for _, uid := range uids {
		if uid <= at.uid { // "n:*" answers the last mail even when it is older
			continue
		}
		raw, err := while(s, func() ([]byte, error) { return fetchOne(s.c, uid) })
		if err != nil {
			return at, &Deaf{whyMailbox(s.line, err)}
		}
		next := place{at.validity, uid}
		if raw != nil { // it may have been moved away meanwhile
			a, refused := ReadMail(raw)
			if err := s.line.Heard(ctx, a, refused, next.String()); err != nil {
				return at, err
			}
		}
		at = next
	}
	return at, nil
}

// fetchOne reads one mail, up to a limit, without marking it as read.
func fetchOne(c *client.Client, uid uint32) ([]byte, error) {
	set := new(imap.SeqSet)
	set.AddNum(uid)
	part := &imap.BodySectionName{Peek: true, Partial: []int{0, maxReply}}
	got := make(chan *imap.Message, 4)
	done := make(chan error, 1)
	go func() { done <- c.UidFetch(set, []imap.FetchItem{imap.FetchUid, part.FetchItem()}, got) }()
	var raw []byte
	var rerr error
	for msg := range got {
		for _, literal := range msg.Body {
			if msg.Uid == uid && raw == nil {
				raw, rerr = io.ReadAll(io.LimitReader(literal, maxReply))
			}
		}
	}
	return raw, errors.Join(<-done, rerr)
}

// while does something and takes the server's news meanwhile, so that the
// connection does not wait for us.
func while[T any](s *session, f func() (T, error)) (got T, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		got, err = f()
	}()
	for {
		select {
		case <-done:
			return got, err
		case u := <-s.news:
			if _, changed := u.(*client.MailboxUpdate); changed {
				s.again = true
			}
		}
	}
}

// idle waits until the mailbox says that something changed.
func (s *session) idle(ctx context.Context) error {
	s.c.Timeout = idleFor + imapPatience
	defer func() { s.c.Timeout = imapPatience }()
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- s.c.Idle(stop, &client.IdleOptions{LogoutTimeout: idleFor, PollInterval: pollEach}) }()
	end := sync.OnceFunc(func() { close(stop) })
	cancelled := ctx.Done()
	for {
		select {
		case <-s.news:
			end()
		case <-cancelled:
			cancelled = nil
			end()
		case err := <-done:
			return err
		}
	}
}

// ReadMail reads a reply to a notice. What a machine wrote (RFC 3834, and what
// mail programs did before it) answers nothing.
func ReadMail(raw []byte) (a Answered, refused RefusedFor) {
	head, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Answered{}, RefusedUnread
	}
	if automatic(textproto.MIMEHeader(head.Header)) {
		return Answered{}, RefusedAutomatic
	}
	from, err := head.Header.AddressList("From")
	if err != nil || len(from) != 1 {
		return Answered{}, RefusedSender
	}
	e, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		return Answered{}, RefusedUnread
	}
	if a, refused = ParseReply(e.Text); refused == RefusedNoToken {
		if token, found := FindToken(e.GetHeader("Subject")); found {
			a.Token, a.Number, refused = token, token.Number(), ""
		}
	}
	if refused == "" && a.Token == "" { // From can be forged: a code alone proves nothing
		refused = RefusedNoToken
	}
	a.From = strings.ToLower(from[0].Address)
	return a, refused
}

// automatic says whether a machine wrote a mail.
func automatic(h textproto.MIMEHeader) bool {
	if v := strings.ToLower(strings.TrimSpace(h.Get("Auto-Submitted"))); v != "" && v != "no" { // RFC 3834 5
		return true
	}
	switch strings.ToLower(strings.TrimSpace(h.Get("Precedence"))) { // RFC 2076 3.9, as responders use it
	case "bulk", "junk", "list", "auto_reply":
		return true
	}
	for _, name := range []string{"X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id", "X-Autogenerated"} {
		if h.Get(name) != "" {
			return true
		}
	}
	if strings.HasPrefix(strings.ToLower(h.Get("Content-Type")), "multipart/report") { // RFC 6522: a delivery report
		return true
	}
	return strings.TrimSpace(h.Get("Return-Path")) == "<>"
}
