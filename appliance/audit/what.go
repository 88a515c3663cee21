package audit

// What says what happened. These are all there are: a report can list them, and
// a reader of the log needs no other page.
type What string

// Signing in and the lock.
const (
	SignIn        What = "sign-in"
	SignInRefused What = "sign-in-refused"
	SignOut       What = "sign-out"
	SessionEnded  What = "session-ended" // by the appliance or an admin, not by the person
	Unlocked      What = "unlocked"
	Locked        What = "locked"
	Refused       What = "refused" // something the role does not allow
)

// Reading.
const (
	ReadMessage What = "read-message"
	ReadList    What = "read-list" // a list or a search, with the ids shown
	ReadFile    What = "read-file"
	Copied      What = "copied" // a message, for the chart
	Exported    What = "exported"
	ReadsLost   What = "reads-unrecorded" // reads that could not be recorded in time, counted
	AuditRead   What = "audit-read"
)

// A message's way.
const (
	Received     What = "received"
	Taken        What = "taken"
	HandedOff    What = "handed-off"
	Noted        What = "noted"
	CalledBack   What = "called-back"
	Closed       What = "closed"
	Reopened     What = "reopened"
	UrgencySet   What = "urgency-set"
	Shredded     What = "shredded"
	SentSecurely What = "sent-securely" // written for a recipient's key and queued
	SendQueued   What = "send-queued"
	Sent         What = "sent" // handed to the smarthost
	SendRefused  What = "send-refused"
	SendFailed   What = "send-failed"
	MailRetried  What = "mail-retried" // a person had a waiting or refused mail sent again
	MailDropped  What = "mail-dropped" // a person took one out of the queue, unsent
)

// The bell.
const (
	Rung                 What = "rung"
	RungNobody           What = "rung-nobody"
	BellOverdue          What = "bell-overdue"
	BellAnswered         What = "bell-answered"          // a person heard it, and others must too
	Declined             What = "declined"               // a person cannot take it
	Snoozed              What = "snoozed"                // a person calls back at a time of their own
	ProtocolChanged      What = "protocol-changed"       // its draft, a change undone too; with the SHA-256 of what it is then
	ProtocolPublished    What = "protocol-published"     // a version, with the SHA-256 of its file
	ProtocolDraftDropped What = "protocol-draft-dropped" // given up
	ProtocolReviewed     What = "protocol-reviewed"      // looked through, and left as it is
	PolicySet            What = "policy-set"
	PolicyRemoved        What = "policy-removed"
	NoticeDelivered      What = "notice-delivered"
	NoticeFailed         What = "notice-failed"
	OnCallSet            What = "oncall-set"
	OnCallNow            What = "oncall-now"
	FeedMade             What = "feed-made" // an address that a calendar program reads who is on call from
	FeedRevoked          What = "feed-revoked"
	ClockDoubted         What = "clock-doubted"
	ClockBelieved        What = "clock-believed"
)

// The schedules, and how people are reached.
const (
	ScheduleSet       What = "schedule-set"
	ScheduleRemoved   What = "schedule-removed"
	ScheduleReviewed  What = "schedule-reviewed"
	SchedulesCount    What = "schedules-count" // and the plain list does not any more
	OverrideAsked     What = "override-asked"
	OverrideAgreed    What = "override-agreed"
	OverrideDeclined  What = "override-declined"
	OverrideUndone    What = "override-undone"
	HolidaySet        What = "holiday-set"
	HolidayRemoved    What = "holiday-removed"
	DigestSent        What = "digest-sent" // to the owner of a schedule, or whoever looks after the protocol
	ReachSet          What = "reach-set"
	ChannelTested     What = "channel-tested"
	ChannelConfirmed  What = "channel-confirmed" // the person answered a test
	ChannelTestFailed What = "channel-test-failed"
)

// Keys.
const (
	PracticeMade   What = "practice-made"
	EpochMade      What = "epoch-made"
	EpochDestroyed What = "epoch-destroyed"
	EpochBad       What = "epoch-bad" // its file is not what the log recorded
	SlotMade       What = "slot-made"
	SlotRemoved    What = "slot-removed"
	KitReplaced    What = "kit-replaced"
	SecretsChanged What = "secrets-changed"
	SlotApproved   What = "slot-approved" // somebody who reads said yes
	Forged         What = "forged"        // a sealed part is not the one its envelope names
)

// People, machines, settings.
const (
	PersonAdded     What = "person-added"
	PersonChanged   What = "person-changed"
	PersonDisabled  What = "person-disabled"
	PersonEnabled   What = "person-enabled"
	PasswordChanged What = "password-changed"
	PasswordReset   What = "password-reset"
	DeviceAdded     What = "device-added"
	DeviceDisabled  What = "device-disabled"
	DeviceSignIn    What = "device-sign-in"
	DeviceRefused   What = "device-refused"
	SettingsChanged What = "settings-changed"
)

// Backups and the machine.
const (
	Started      What = "started"
	Stopped      What = "stopped"
	BackupMade   What = "backup-made"
	BackupProven What = "backup-proven"
	BackupFailed What = "backup-failed"
	BackupPruned What = "backup-pruned"
	Restored     What = "restored"
)
