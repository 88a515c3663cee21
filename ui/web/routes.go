package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"nightbell/appliance/access"
)

// audience is whom a route is for.
type audience int

const (
	people audience = iota // who is signed in, and has one of the permissions
	anyone
	device // a machine with its own credential
)

// route is one thing that can be asked for.
type route struct {
	method, path string
	who          audience
	need         []access.Permission // one of them is enough; none: being signed in is
	quiet        bool                // asked by a page by itself: it keeps no session alive
	secret       bool                // the address names a secret, which is what lets in
	sends        bool                // a file, as large as a machine's text may be
	handle       echo.HandlerFunc
}

func need(p ...access.Permission) []access.Permission { return p }

// routes is all there is. The router is built from it, and a test walks every
// role against every line.
func (s *Server) routes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: "/", who: anyone, handle: s.home},
		{method: get, path: "/sign-in", who: anyone, handle: s.showSignIn},
		{method: post, path: "/sign-in", who: anyone, handle: s.signIn},
		{method: post, path: "/sign-out", who: anyone, handle: s.signOut},
		{method: get, path: "/session", who: people, quiet: true, handle: s.stillSignedIn},
		// Packed, as no page is: the length of a packed page tells of the secrets in it.
		{method: get, path: "/static/:set/:name", who: anyone, handle: middleware.Gzip()(s.assets.serve)},
		{method: get, path: "/ca.crt", who: anyone, handle: s.certificate},
		{method: get, path: "/healthz", who: anyone, handle: s.healthz},
		{method: get, path: "/readyz", who: anyone, handle: s.readyz},
		{method: get, path: "/metrics", who: device, handle: s.metrics},
		{method: post, path: "/api/v1/messages", who: device, handle: s.apiMessages},
		{method: get, path: "/answer/:token", who: anyone, quiet: true, secret: true, handle: s.showAnswer},
		{method: post, path: "/answer/:token", who: anyone, quiet: true, secret: true, handle: s.answerBell},
		{method: get, path: "/feed/:token", who: anyone, quiet: true, secret: true, handle: s.feed},
		{method: post, path: "/hooks/answer", who: device, handle: s.answerHook},

		{method: get, path: "/events", need: need(access.SeeDesk), quiet: true, handle: s.events},
		{method: get, path: "/alarm", need: need(access.SeeDesk), quiet: true, handle: s.alarm},
		{method: post, path: "/desk/sound", need: need(access.SeeDesk), quiet: true, handle: s.deskSound},
		{method: get, path: "/menu", handle: s.menu},
		{method: get, path: "/desk", handle: s.showDesk},
		{method: post, path: "/password", handle: s.changePassword},
		{method: post, path: "/lock", need: need(access.LockAppliance), handle: s.lock},
		{method: get, path: "/findings", need: need(access.SeeDesk), handle: s.findings},

		{method: get, path: "/inbox", need: need(access.SeeDesk), handle: s.inbox},
		{method: get, path: "/inbox/rows", need: need(access.SeeDesk), quiet: true, handle: s.inboxRows},
		{method: post, path: "/find", need: need(access.SeeDesk), handle: s.findNumber},
		{method: get, path: "/take", need: need(access.TakeMessage), handle: s.showTake},
		{method: post, path: "/take/next", need: need(access.TakeMessage, access.EditProtocol), quiet: true, handle: s.takeNext},
		{method: post, path: "/take/called", need: need(access.TakeMessage), quiet: true, handle: s.calledToday},
		{method: post, path: "/take/check", need: need(access.TakeMessage, access.EditProtocol), quiet: true, handle: s.checkTake},
		{method: post, path: "/drafts/:id", need: need(access.TakeMessage), handle: s.keepDraft},
		{method: post, path: "/drafts/:id/drop", need: need(access.TakeMessage), handle: s.dropDraft},
		{method: post, path: "/messages", need: need(access.TakeMessage), handle: s.takeMessage},
		{method: get, path: "/take/saved/:id", need: need(access.TakeMessage), handle: s.saved},
		{method: get, path: "/messages/:id", need: need(access.SeeDesk), handle: s.message},
		{method: get, path: "/messages/:id/print", need: need(access.ReadTeam, access.ReadClinical, access.ReadOwn), handle: s.printMessage},
		{method: get, path: "/messages/:id/chart", need: need(access.ReadTeam, access.ReadClinical, access.ReadOwn), handle: s.chart},
		{method: get, path: "/messages/:id/files/:file", need: need(access.ReadTeam, access.ReadClinical, access.ReadOwn), handle: s.file},
		{method: post, path: "/messages/:id/take", need: need(access.WorkMessage), handle: s.takeIt},
		{method: post, path: "/messages/:id/hand-off", need: need(access.WorkMessage), handle: s.handOff},
		{method: post, path: "/messages/:id/decline", need: need(access.WorkMessage), handle: s.decline},
		{method: post, path: "/messages/:id/snooze", need: need(access.WorkMessage), handle: s.snooze},
		{method: post, path: "/messages/:id/note", need: need(access.WorkMessage), handle: s.addNote},
		{method: post, path: "/messages/:id/call-back", need: need(access.WorkMessage), handle: s.callBack},
		{method: post, path: "/messages/:id/close", need: need(access.WorkMessage), handle: s.closeMessage},
		{method: post, path: "/messages/:id/reopen", need: need(access.WorkMessage), handle: s.reopen},
		{method: post, path: "/messages/:id/urgency", need: need(access.WorkMessage), handle: s.changeUrgency},
		{method: post, path: "/messages/:id/send", need: need(access.WorkMessage), handle: s.sendSecurely},

		{method: get, path: "/bell", need: need(access.SeeDesk), handle: s.whatRings},
		{method: get, path: "/bell/policies", need: need(access.EditSchedule), handle: s.policies},
		{method: get, path: "/bell/policies/edit", need: need(access.EditSchedule), handle: s.editPolicy},
		{method: post, path: "/bell/policies", need: need(access.EditSchedule), handle: s.changePolicy},
		{method: get, path: "/bell/rows", need: need(access.SeeDesk), quiet: true, handle: s.bellRows},

		{method: get, path: "/on-call", need: need(access.SeeSchedule), handle: s.onCall},
		{method: post, path: "/on-call/order", need: need(access.EditSchedule), handle: s.changeOrder},
		{method: post, path: "/on-call/now", need: need(access.EditSchedule), handle: s.onCallNow},
		{method: post, path: "/on-call/clock", need: need(access.EditSchedule), handle: s.believeClock},
		{method: get, path: "/on-call/print", need: need(access.SeeSchedule), handle: s.printWeek},
		{method: get, path: "/on-call/import", need: need(access.EditSchedule), handle: s.showImport},
		{method: post, path: "/on-call/import", need: need(access.EditSchedule), sends: true, handle: s.importShifts},
		{method: get, path: "/on-call/mine", need: need(access.SeeSchedule), handle: s.mine},
		{method: post, path: "/on-call/mine/exception", need: need(access.SeeSchedule), handle: s.actOnMine},
		{method: post, path: "/on-call/mine/ways", need: need(access.SeeSchedule), handle: s.changeWays},
		{method: post, path: "/on-call/mine/names", need: need(access.SeeSchedule), handle: s.setNames},
		{method: post, path: "/on-call/mine/quiet", need: need(access.SeeSchedule), handle: s.setQuiet},
		{method: post, path: "/on-call/mine/test", need: need(access.SeeSchedule), handle: s.testMe},
		{method: get, path: "/on-call/subscribe", need: need(access.SeeSchedule), handle: s.feeds},
		{method: post, path: "/on-call/subscribe", need: need(access.SeeSchedule), handle: s.makeFeed},
		{method: post, path: "/on-call/subscribe/revoke", need: need(access.SeeSchedule), handle: s.revokeFeed},
		{method: get, path: "/on-call/schedules", need: need(access.EditSchedule), handle: s.schedules},
		{method: post, path: "/on-call/schedules/:id/reviewed", need: need(access.EditSchedule), handle: s.reviewSchedule},
		{method: post, path: "/on-call/schedules/:id/remove", need: need(access.EditSchedule), handle: s.removeSchedule},
		{method: get, path: "/on-call/schedule", need: need(access.EditSchedule), handle: s.editSchedule},
		{method: post, path: "/on-call/schedule", need: need(access.EditSchedule), handle: s.changeSchedule},
		{method: post, path: "/on-call/uses", need: need(access.EditSchedule), handle: s.useForOnCall},
		{method: post, path: "/on-call/holidays", need: need(access.EditSchedule), handle: s.addHoliday},
		{method: post, path: "/on-call/holidays/:id/remove", need: need(access.EditSchedule), handle: s.removeHoliday},
		{method: get, path: "/on-call/cover", need: need(access.EditSchedule, access.SwapOwnShift), handle: s.cover},
		{method: post, path: "/on-call/cover", need: need(access.EditSchedule, access.SwapOwnShift), handle: s.askCover},
		{method: post, path: "/on-call/cover/:id", need: need(access.EditSchedule, access.SwapOwnShift), handle: s.answerCover},
		{method: get, path: "/on-call/month", need: need(access.SeeSchedule), handle: s.month},

		{method: get, path: "/protocol", need: need(access.EditProtocol), handle: s.protocolPage},
		{method: post, path: "/protocol/undo", need: need(access.EditProtocol), handle: s.undoProtocol},
		{method: post, path: "/protocol/reviewed", need: need(access.EditProtocol), handle: s.reviewedProtocol},
		{method: get, path: "/protocol/review", need: need(access.EditProtocol), handle: s.reviewPage},
		{method: post, path: "/protocol/publish", need: need(access.EditProtocol), handle: s.publishProtocol},
		{method: post, path: "/protocol/drop", need: need(access.EditProtocol), handle: s.dropProtocol},
		{method: get, path: "/protocol/versions/:id", need: need(access.EditProtocol), handle: s.readVersion},
		{method: get, path: "/protocol/file", need: need(access.EditProtocol), handle: s.protocolFile},
		{method: post, path: "/protocol/import", need: need(access.EditProtocol), sends: true, handle: s.importProtocol},
		{method: post, path: "/protocol/start", need: need(access.EditProtocol), handle: s.startFrom},
		{method: get, path: "/protocol/types", need: need(access.EditProtocol), handle: s.typesPage},
		{method: post, path: "/protocol/types", need: need(access.EditProtocol), handle: s.changeTypes},
		{method: get, path: "/protocol/types/:id", need: need(access.EditProtocol), handle: s.typePage},
		{method: post, path: "/protocol/types/:id", need: need(access.EditProtocol), handle: s.changeType},
		{method: post, path: "/protocol/types/:id/fields", need: need(access.EditProtocol), handle: s.changeFields},
		{method: get, path: "/protocol/types/:id/script", need: need(access.EditProtocol), handle: s.scriptPage},
		{method: post, path: "/protocol/types/:id/script", need: need(access.EditProtocol), handle: s.changeScript},
		{method: get, path: "/protocol/flags", need: need(access.EditProtocol), handle: s.flagsPage},
		{method: post, path: "/protocol/flags", need: need(access.EditProtocol), handle: s.changeFlags},
		{method: get, path: "/protocol/flags/:id", need: need(access.EditProtocol), handle: s.flagPage},
		{method: post, path: "/protocol/flags/:id", need: need(access.EditProtocol), handle: s.changeFlag},
		{method: get, path: "/protocol/routes", need: need(access.EditProtocol), handle: s.routesPage},
		{method: post, path: "/protocol/routes", need: need(access.EditProtocol), handle: s.changeRoutes},
		{method: get, path: "/protocol/routes/:id", need: need(access.EditProtocol), handle: s.routePage},
		{method: post, path: "/protocol/routes/:id", need: need(access.EditProtocol), handle: s.changeRoute},
		{method: get, path: "/protocol/coverage", need: need(access.EditProtocol), handle: s.coveragePage},
		{method: post, path: "/protocol/coverage", need: need(access.EditProtocol), handle: s.changeCoverage},
		{method: get, path: "/protocol/practice", need: need(access.EditProtocol), handle: s.showPractice},
		{method: post, path: "/protocol/practice", need: need(access.EditProtocol), handle: s.practise},
		{method: get, path: "/protocol/coverage/:id", need: need(access.EditProtocol), handle: s.windowPage},
		{method: post, path: "/protocol/coverage/:id", need: need(access.EditProtocol), handle: s.changeWindow},
		{method: get, path: "/protocol/explain", need: need(access.SeeDesk), handle: s.explainPage},

		{method: get, path: "/people", need: need(access.ManagePeople, access.GrantReading), handle: s.people},
		{method: post, path: "/people", need: need(access.ManagePeople), handle: s.addPerson},
		{method: post, path: "/people/:id", need: need(access.ManagePeople), handle: s.changePerson},
		{method: post, path: "/people/:id/reset", need: need(access.ManagePeople), handle: s.resetPassword},
		{method: post, path: "/people/:id/disable", need: need(access.ManagePeople), handle: s.disablePerson},
		{method: post, path: "/people/:id/grant", need: need(access.GrantReading), handle: s.grantReading},
		{method: get, path: "/devices", need: need(access.ManageDevices), handle: s.devices},
		{method: post, path: "/devices", need: need(access.ManageDevices), handle: s.addDevice},
		{method: post, path: "/devices/:id/disable", need: need(access.ManageDevices), handle: s.disableDevice},
		{method: get, path: "/backups", need: need(access.ManageBackups), handle: s.backups},
		{method: post, path: "/backups", need: need(access.ManageBackups), handle: s.backUpNow},
		{method: get, path: "/settings", need: need(access.ManageSettings), handle: s.settings},
		{method: post, path: "/settings/mail", need: need(access.ManageSettings), handle: s.setMail},
		{method: post, path: "/settings/mail/test", need: need(access.ManageSettings), handle: s.testMail},
		{method: post, path: "/settings/bell", need: need(access.ManageSettings), handle: s.setBell},
		{method: post, path: "/settings/backup", need: need(access.ManageSettings), handle: s.setBackup},
		{method: post, path: "/settings/backup/test", need: need(access.ManageSettings), handle: s.testFolder},
		{method: get, path: "/channels", need: need(access.ManageSettings), handle: s.channels},
		{method: get, path: "/channels/words", need: need(access.ManageSettings), handle: s.noticeWords},
		{method: post, path: "/channels/words", need: need(access.ManageSettings), handle: s.setNoticeWords},
		{method: post, path: "/channels/:id", need: need(access.ManageSettings), handle: s.setChannel},
		{method: post, path: "/channels/:id/test", need: need(access.ManageSettings), handle: s.testChannel},
		{method: post, path: "/queue/page", need: need(access.ManageSettings), handle: s.changePage},
		{method: get, path: "/queue", need: need(access.ManageSettings), handle: s.queue},
		{method: post, path: "/queue/:id/again", need: need(access.ManageSettings), handle: s.sendAgain},
		{method: post, path: "/queue/:id/drop", need: need(access.ManageSettings), handle: s.dropMail},
		{method: get, path: "/audit", need: need(access.SeeAudit), handle: s.auditLog},
	}
}
