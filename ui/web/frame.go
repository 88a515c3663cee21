package web

import (
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/escalation"
	"nightbell/appliance/finding"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/store"
)

// frame is what stands around a page: who is signed in, where they can go, what
// rings and what needs them. Every page's view embeds it.
type frame struct {
	Title    string
	Page     string
	Practice string
	NowMS    int64
	Told     uint64 // the hub's count when the page was begun
	Now      when
	Me       *me
	Nav      []navGroup
	Tabs     []navLink
	Alarm    []alarmView
	Banners  []banner
	OnCall   onCallView
	Toast    *toast

	found []finding.Finding // what needs a person, gathered once a page
}

// me is who is signed in.
type me struct {
	Name, Roles      string
	CanLock, CanTake bool
}

type navGroup struct {
	Heading string
	Links   []navLink
}

type navLink struct {
	Href, Label, Key string
	Chip, ChipKind   string
	Current          bool
}

type banner struct {
	Kind, Text, Do string
	Href, Link     string
}

// problem is an error in words: what happened and what to do.
type problem struct{ Text, Do string }

// option is one choice of a list.
type option struct {
	Value, Label string
	Key          string
	Chosen, Off  bool
}

// maxBanners keeps a bad day from pushing the page out of sight; the rest is on
// the page of findings.
const maxBanners = 3

// frame builds what stands around a page.
func (s *Server) frame(c echo.Context, page, title string) (*frame, error) {
	now := s.app.Clock.Now()
	f := &frame{Title: s.words.say(title), Page: page, Practice: s.app.Practice().Name, NowMS: now.UnixMilli(), Now: s.today().when(now)}
	f.Told, _ = c.Get(toldKey).(uint64)
	if !signedIn(c) {
		return f, s.view(func(tx *store.Tx) (err error) { f.OnCall, err = s.whoIsOnCall(tx, now); return err })
	}
	session := sessionOf(c)
	f.Me = &me{Name: deskName(session), Roles: roleNames(session.Roles), CanLock: session.May(access.LockAppliance) && !s.app.Vault.Locked(), CanTake: session.May(access.TakeMessage)}
	var counts store.Counts
	err := s.view(func(tx *store.Tx) (err error) {
		if f.OnCall, err = s.whoIsOnCall(tx, now); err != nil {
			return err
		}
		if f.Alarm, err = s.alarms(tx, session, now); err != nil {
			return err
		}
		if f.Toast, err = s.toast(tx, c, now); err != nil {
			return err
		}
		counts, err = store.CountEnvelopes(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if f.found, err = s.app.Findings(c.Request().Context()); err != nil {
		return nil, err
	}
	f.Nav = s.nav(session, page, counts, f.Alarm, f.found)
	f.Tabs = s.tabbar(session, page, f.Alarm)
	f.Banners = s.banners(session, page, f.found)
	return f, nil
}

// navItem is one page that the rail leads to.
type navItem struct {
	page, href, word, key string
	need                  []access.Permission
}

// navItems are the rail, by group.
var navItems = []struct {
	heading string
	items   []navItem
}{
	{"", []navItem{
		{"inbox", "/inbox", "nav.inbox", "", need(access.SeeDesk)},
		{"take", "/take", "nav.take", "n", need(access.TakeMessage)},
		{"bell", "/bell", "nav.bell", "", need(access.SeeDesk)},
		{"closed", "/inbox?view=closed", "nav.closed", "", need(access.SeeDesk)},
	}},
	{"nav.practice", []navItem{
		{"on-call", "/on-call", "nav.on-call", "", need(access.SeeSchedule)},
		{"policies", "/bell/policies", "nav.policies", "", need(access.EditSchedule)},
		{"protocol", "/protocol", "nav.protocol", "", need(access.EditProtocol)},
		{"findings", "/findings", "nav.findings", "", need(access.SeeDesk)},
	}},
	{"nav.office", []navItem{
		{"backups", "/backups", "nav.backups", "", need(access.ManageBackups)},
		{"people", "/people", "nav.people", "", need(access.ManagePeople, access.GrantReading)},
		{"devices", "/devices", "nav.devices", "", need(access.ManageDevices)},
		{"channels", "/channels", "nav.channels", "", need(access.ManageSettings)},
		{"queue", "/queue", "nav.queue", "", need(access.ManageSettings)},
		{"settings", "/settings", "nav.settings", "", need(access.ManageSettings)},
		{"audit", "/audit", "nav.audit", "", need(access.SeeAudit)},
	}},
}

func (s *Server) nav(session access.Session, page string, counts store.Counts, ringing []alarmView, found []finding.Finding) []navGroup {
	var groups []navGroup
	for _, g := range navItems {
		var links []navLink
		for _, item := range g.items {
			if !mayAny(session, item.need) {
				continue
			}
			link := navLink{Href: item.href, Label: s.words.say(item.word), Key: item.key, Current: item.page == page}
			switch item.page {
			case "inbox":
				link.Chip, link.ChipKind = countChip(len(ringing), counts.Open)
			case "findings":
				if n := serious(found); n > 0 {
					link.Chip, link.ChipKind = itoa(n), "chip--soon"
				}
			}
			links = append(links, link)
		}
		if len(links) == 0 {
			continue
		}
		group := navGroup{Links: links}
		if g.heading != "" {
			group.Heading = s.words.say(g.heading)
		}
		groups = append(groups, group)
	}
	return groups
}

// countChip shows what rings, else how many are open.
func countChip(ringing, open int) (chip, kind string) {
	switch {
	case ringing > 0:
		return itoa(ringing), "chip--urgent"
	case open > 0:
		return itoa(open), ""
	}
	return "", ""
}

// tabbar is the way around on a phone: few, large, and the rest behind Menu.
func (s *Server) tabbar(session access.Session, page string, ringing []alarmView) []navLink {
	var tabs []navLink
	add := func(name, href, word string, p access.Permission) {
		if session.May(p) {
			tabs = append(tabs, navLink{Href: href, Label: s.words.say(word), Current: name == page})
		}
	}
	add("inbox", "/inbox", "nav.inbox", access.SeeDesk)
	if len(ringing) > 0 && len(tabs) > 0 {
		tabs[0].Chip, tabs[0].ChipKind = itoa(len(ringing)), "chip--urgent"
	}
	add("take", "/take", "nav.take-short", access.TakeMessage)
	add("on-call", "/on-call", "nav.on-call", access.SeeSchedule)
	return append(tabs, navLink{Href: "/menu", Label: s.words.say("nav.menu"), Current: page == "menu"})
}

// banners are what everybody at a desk has to know: that reading is locked, and
// the promises that are not kept now.
func (s *Server) banners(session access.Session, page string, found []finding.Finding) []banner {
	var list []banner
	w := s.words
	switch {
	case s.app.Vault.Locked():
		b := banner{Kind: "banner--info", Text: w.say("banner.locked"), Do: w.say("banner.locked-do")}
		if session.Reader || session.Asleep {
			b.Href, b.Link = "/sign-in", w.say("banner.open")
		}
		list = append(list, b)
	case session.Asleep:
		list = append(list, banner{Kind: "banner--info", Text: w.say("banner.asleep"), Do: w.say("banner.asleep-do"), Href: "/sign-in", Link: w.say("banner.open")})
	case session.WantsSlot:
		list = append(list, banner{Kind: "banner--info", Text: w.say("banner.wants-slot"), Do: w.say("banner.wants-slot-do")})
	}
	if page == "findings" {
		return list
	}
	shown := 0
	for _, f := range noWayOutFirst(found) {
		if !forEverybody(f, found) {
			continue
		}
		if shown++; shown > maxBanners {
			list = append(list, banner{Kind: "banner--bad", Text: w.say("banner.more"), Href: "/findings", Link: w.say("banner.all")})
			break
		}
		b := banner{Kind: "banner--bad", Text: f.Text, Do: f.Do}
		if f.Severity < finding.Alarm {
			b.Kind = ""
		}
		if href, word := mendedAt(f.ID); href != "" && mayAny(session, needOf(href)) && page != pageOf(href) {
			b.Href, b.Link = href, w.say(word)
		}
		list = append(list, b)
	}
	return list
}

// forEverybody says whether a finding is a promise that is not kept now, or that
// nobody knows whether one can be.
func forEverybody(f finding.Finding, found []finding.Finding) bool {
	switch {
	case strings.HasPrefix(f.ID, "bell.nobody/"): // the red bar says that
		return false
	case f.ID == notify.NeverAnswered:
		return !slices.ContainsFunc(found, func(f finding.Finding) bool { return f.ID == escalation.NoWayOut })
	}
	return f.Severity >= finding.Alarm
}

// noWayOutFirst puts it before all others, so that none crowds it out.
func noWayOutFirst(found []finding.Finding) []finding.Finding {
	i := slices.IndexFunc(found, isNoWayOut)
	if i <= 0 {
		return found
	}
	first := []finding.Finding{found[i]}
	return slices.Concat(first, found[:i], found[i+1:])
}

func isNoWayOut(f finding.Finding) bool {
	return f.ID == escalation.NoWayOut || f.ID == notify.NeverAnswered
}

// mended are the pages where findings are seen to, by the beginnings of their
// ids; the first that fits. What is seen to at the server is not among them.
var mended = []struct{ id, href, word string }{
	{escalation.NoWayOut, "/settings", "nav.settings"},
	{"bell.", "/on-call", "nav.on-call"},
	{"oncall.", "/on-call", "nav.on-call"},
	{"protocol.", "/protocol", "nav.protocol"},
	{"channel.refused", "/queue", "nav.queue"},
	{"channel.waiting", "/queue", "nav.queue"},
	{"channel.", "/channels", "nav.channels"},
	{"mail.refused", "/queue", "nav.queue"},
	{"mail.waiting", "/queue", "nav.queue"},
	{"mail.", "/settings", "nav.settings"},
	{"backup.", "/backups", "nav.backups"},
	{"access.device/", "/devices", "nav.devices"},
	{"access.stranger/", "/devices", "nav.devices"},
	{"access.slot", "/people", "nav.people"},
	{"keys.readers", "/people", "nav.people"},
	{"desk.flagged", "/inbox", "nav.inbox"},
}

// mendedAt answers the page where a finding is seen to, and its name.
func mendedAt(id string) (href, word string) {
	for _, m := range mended {
		if strings.HasPrefix(id, m.id) {
			return m.href, m.word
		}
	}
	return "", ""
}

func needOf(href string) []access.Permission {
	for _, g := range navItems {
		for _, item := range g.items {
			if item.href == href {
				return item.need
			}
		}
	}
	return nil
}

func pageOf(href string) string { return strings.TrimPrefix(href, "/") }

func serious(found []finding.Finding) (n int) {
	for _, f := range found {
		if f.Severity >= finding.Warning {
			n++
		}
	}
	return n
}

func mayAny(session access.Session, need []access.Permission) bool {
	for _, p := range need {
		if session.May(p) {
			return true
		}
	}
	return false
}

func roleNames(roles []access.Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = r.Label()
	}
	return strings.Join(names, ", ")
}

// toast is a word about what was just done, with a way back for ten seconds.
type toast struct {
	Text     string
	UndoHref string
	Seen     string
}

// undoFor is how long closing can be undone by one key. The page forgets after
// ten seconds; the page itself takes a moment to come.
const undoFor = 12 * time.Second

// toastWords are the codes that an address may ask a word for.
var toastWords = map[string]string{"taken": "toast.taken", "handed-off": "toast.handed-off", "declined": "toast.declined", "snoozed": "toast.snoozed", "noted": "toast.noted", "called-back": "toast.called-back", "sent": "toast.sent", "reopened": "toast.reopened", "urgency": "toast.urgency", "closed": "toast.closed"}

func (s *Server) toast(tx *store.Tx, c echo.Context, now time.Time) (*toast, error) {
	what, id, _ := strings.Cut(c.QueryParam("did"), ":")
	word, known := toastWords[what]
	mid, err := message.ParseID(id)
	if !known || err != nil {
		return nil, nil
	}
	e, found, err := store.GetEnvelope(tx, mid)
	if err != nil || !found {
		return nil, err
	}
	t := &toast{Text: s.words.say(word, e.Number)}
	if what == "closed" {
		if e.Open() || now.Sub(e.ClosedAt) > undoFor {
			return nil, nil
		}
		t.UndoHref, t.Seen = "/messages/"+id+"/reopen", seenOf(e)
	}
	return t, nil
}
