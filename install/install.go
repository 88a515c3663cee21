// Package install is what Nightbell needs of the machine it stands on: the OS
// service that runs `serve`, the names and addresses under which the office
// reaches it, and the practice's own certificate authority, so that browsers
// speak to it over TLS without anything from outside.
//
// Names, certificates and the text of a service are made by functions of their
// inputs alone. Install and its kin are the only ones that change the machine,
// and what they do is what Plan says they would. Keys are handed in and out as
// PEM; where they are kept is the caller's business (vault's machine secrets,
// the machine's own store). appliance asks it for certificates, ui/cli for the
// service.
package install
