package access

import "slices"

// Role is what a person does in the practice. One person may hold several.
type Role string

const (
	CallTaker      Role = "call-taker"
	FrontDesk      Role = "front-desk"
	Provider       Role = "provider"
	PrivacyOfficer Role = "privacy-officer"
	Admin          Role = "admin"
)

// Roles are all roles, in the order in which people choose among them.
func Roles() []Role { return []Role{CallTaker, FrontDesk, Provider, PrivacyOfficer, Admin} }

// Label is the role as people say it.
func (r Role) Label() string { return roleLabels[r] }

var roleLabels = map[Role]string{
	CallTaker:      "Call taker",
	FrontDesk:      "Front desk",
	Provider:       "Provider",
	PrivacyOfficer: "Privacy officer",
	Admin:          "Admin",
}

// Permission is one thing that roles allow.
type Permission string

const (
	SeeDesk        Permission = "see-desk"        // envelopes: what is there, never what it says
	TakeMessage    Permission = "take-message"    // take a call and save it
	ReadOwn        Permission = "read-own"        // what one typed oneself, for as long as desk allows it
	ReadTeam       Permission = "read-team"       // messages of one's own team
	ReadClinical   Permission = "read-clinical"   // clinical messages of every team
	ReadForReason  Permission = "read-for-reason" // any message, with a reason that is recorded (break-glass)
	WorkMessage    Permission = "work-message"    // take it on, note, call back, hand off, close, send securely
	GrantReading   Permission = "grant-reading"   // say yes to a further reader's key slot
	LockAppliance  Permission = "lock-appliance"  // lock it at once
	SeeSchedule    Permission = "see-schedule"    // who is on call
	SwapOwnShift   Permission = "swap-own-shift"  // give one's own shift to somebody
	EditSchedule   Permission = "edit-schedule"   // who is rung, in which order
	EditProtocol   Permission = "edit-protocol"   // what is asked and said, what is urgent, who gets what
	ManagePeople   Permission = "manage-people"   // people, contacts and their roles
	ManageDevices  Permission = "manage-devices"  // credentials of machines
	ManageBackups  Permission = "manage-backups"  // see, take and prove backups
	ManageSettings Permission = "manage-settings" // smarthost, steps of the bell, folders; the queue
	SeeAudit       Permission = "see-audit"       // the record of what happened, and whether it is whole
	WorkCompliance Permission = "work-compliance" // reviews, incidents, policies
)

// allowed is the table of roles: the only place that says who may do what.
// "Of one's own team" is everybody's until the practice has teams; "what one
// typed oneself" ends half an hour after somebody took it, which desk knows.
var allowed = map[Role][]Permission{
	CallTaker:      {SeeDesk, TakeMessage, ReadOwn, SeeSchedule},
	FrontDesk:      {SeeDesk, TakeMessage, ReadOwn, ReadTeam, WorkMessage, GrantReading, LockAppliance, SeeSchedule},
	Provider:       {SeeDesk, TakeMessage, ReadOwn, ReadTeam, ReadClinical, WorkMessage, GrantReading, LockAppliance, SeeSchedule, SwapOwnShift},
	PrivacyOfficer: {SeeDesk, ReadForReason, LockAppliance, SeeSchedule, SeeAudit, WorkCompliance},
	Admin:          {SeeDesk, LockAppliance, SeeSchedule, EditSchedule, EditProtocol, ManagePeople, ManageDevices, ManageBackups, ManageSettings, SeeAudit},
}

// readingOthers are the permissions that need a key slot of one's own, and to
// have given the password since the last lock. GrantReading is among them, so
// that nobody who waits for a slot says yes to themselves.
var readingOthers = []Permission{ReadTeam, ReadClinical, ReadForReason, GrantReading}

// reading are all that a sleeping session has lost.
var reading = append([]Permission{ReadOwn}, readingOthers...)

// slotted are the permissions that a role's holders get a key slot for.
// ReadForReason joins them when reading for a reason (break-glass) is built.
var slotted = []Permission{ReadTeam, ReadClinical}

// Allowed says whether one of the roles allows p.
func Allowed(roles []Role, p Permission) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(allowed[r], p) })
}

// Reads says whether one of the roles reads messages that others took, so that
// its holder needs a key slot.
func Reads(roles []Role) bool {
	return slices.ContainsFunc(slotted, func(p Permission) bool { return Allowed(roles, p) })
}

// ParseRoles reads role names and answers them in the order of Roles, each
// once. The error is for people.
func ParseRoles(names []string) ([]Role, error) {
	var roles []Role
	for _, name := range names {
		if !slices.Contains(Roles(), Role(name)) {
			return nil, &Invalid{Field: "roles", Why: "a role is call-taker, front-desk, provider, privacy-officer or admin"}
		}
	}
	for _, r := range Roles() {
		if slices.Contains(names, string(r)) {
			roles = append(roles, r)
		}
	}
	if len(roles) == 0 {
		return nil, &Invalid{Field: "roles", Why: "choose at least one role"}
	}
	return roles, nil
}
