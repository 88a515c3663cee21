package install

import (
	"fmt"
	"strings"
)

// windowsUser is the account of services that need nothing of the machine but
// their own folder.
const windowsUser = `NT AUTHORITY\LocalService`

// windowsService says what is registered with the service manager of Windows,
// which takes calls and has no file to show.
func (o Options) windowsService() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Service:  %s (%s)\n", o.Name, description)
	fmt.Fprintf(&b, "Command:  \"%s\"", o.Executable)
	for _, a := range o.arguments() {
		if strings.ContainsAny(a, " \t") {
			a = `"` + a + `"`
		}
		b.WriteString(" " + a)
	}
	fmt.Fprintf(&b, "\nRuns as:  %s\n", windowsUser)
	b.WriteString("Starts:   with the machine; one second after it ended by itself\n")
	return b.String()
}

// windowsGrants are the arguments of icacls that keep the data folder to the
// service, the administrators and the system. The names of the first two differ
// by language, so they are named by their ids.
func (o Options) windowsGrants() []string {
	return []string{o.Data, "/inheritance:r", "/grant:r", "*S-1-5-19:(OI)(CI)F", "*S-1-5-32-544:(OI)(CI)F", "*S-1-5-18:(OI)(CI)F"}
}
