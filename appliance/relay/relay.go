// Package relay is the practice's mail: SMTP in from the office's machines, and
// SMTP out through one smarthost.
//
// In: Server takes mail over TLS from devices that signed in, turns it into
// what the intake takes, and says 250 only after the intake did. Out: Queue
// keeps what is to be sent in the store, and hands it to the smarthost over
// verified TLS or not at all; what cannot go safely waits and says why.
//
// It knows mail, not people or calls: notify gives it notices that hold no PHI,
// desk gives it letters to seal, appliance hands it the intake, the devices and
// the addresses of the practice.
package relay
