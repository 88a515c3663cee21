package install

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// stateRoot is where systemd keeps the state of services: a data folder right
// below it is made, and kept to its owner, by systemd itself.
const stateRoot = "/var/lib/"

// systemdUnit is the text of the unit. The library's own waits two minutes
// before a restart, runs as root and hardens nothing.
func (o Options) systemdUnit() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	data := unitPath(o.Data)

	line("# Written by nightbell install. Changes belong into %s.service.d/, or they go with the next install.", o.Name)
	line("[Unit]")
	line("Description=%s", description)
	line("After=network.target time-sync.target")
	line("RequiresMountsFor=%s", data)
	line("# An appliance that people ring does not stay down: it is tried again for ever.")
	line("StartLimitIntervalSec=0")
	line("")
	line("[Service]")
	line("Type=exec")
	line("ExecStart=%s", unitCommand(o.Executable, o.arguments()))
	line("User=%s", o.User)
	line("UMask=0077")
	line("Restart=always")
	line("RestartSec=1")
	line("TimeoutStopSec=15")
	line("KillMode=mixed")
	line("LimitNOFILE=65536")
	line("")
	line("# What holds keys in memory leaves neither a core dump nor a page in the swap.")
	line("LimitCORE=0")
	line("MemorySwapMax=0")
	line("")
	if dir, base := path.Split(o.Data); dir == stateRoot && hostName(base) {
		line("StateDirectory=%s", base)
		line("StateDirectoryMode=0700")
	}
	line("# It writes its data folder, and where backups may lie. Another place needs a line like these.")
	line("ReadWritePaths=%s", data)
	for _, dir := range o.backupPaths() {
		line("ReadWritePaths=%s", unitPath("-"+dir))
	}
	line("ProtectSystem=strict")
	line("ProtectHome=%s", o.protectHome())
	line("PrivateTmp=yes")
	line("PrivateDevices=yes")
	line("ProtectProc=invisible")
	for _, what := range []string{"Clock", "ControlGroups", "Hostname", "KernelLogs", "KernelModules", "KernelTunables"} {
		line("Protect%s=yes", what)
	}
	line("NoNewPrivileges=yes")
	if o.lowPorts() {
		line("AmbientCapabilities=CAP_NET_BIND_SERVICE")
		line("CapabilityBoundingSet=CAP_NET_BIND_SERVICE")
	} else {
		line("CapabilityBoundingSet=")
	}
	line("KeyringMode=private")
	line("LockPersonality=yes")
	line("MemoryDenyWriteExecute=yes")
	line("RemoveIPC=yes")
	line("# Netlink is how a program asks for the machine's own addresses.")
	line("RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX")
	line("RestrictNamespaces=yes")
	line("RestrictRealtime=yes")
	line("RestrictSUIDSGID=yes")
	line("SystemCallArchitectures=native")
	line("SystemCallFilter=@system-service")
	line("SystemCallErrorNumber=EPERM")
	line("")
	line("[Install]")
	line("WantedBy=multi-user.target")
	return b.String()
}

// backupPaths are the folders outside the data folder that it may write to.
func (o Options) backupPaths() []string {
	dirs := slices.Clone(backupPlaces)
	for _, dir := range o.Backups {
		if !slices.ContainsFunc(dirs, func(d string) bool { return below(dir, d) }) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// protectHome hides people's own folders, unless something of ours lies there:
// then they are there to be read, and ReadWritePaths opens what is written.
func (o Options) protectHome() string {
	for _, p := range append([]string{o.Data, o.Executable}, o.Backups...) {
		for _, home := range []string{"/home", "/root", "/run/user"} {
			if below(p, home) {
				return "read-only"
			}
		}
	}
	return "yes"
}

func below(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, dir+"/")
}

// unitPath writes a path as a unit's setting: systemd expands % and splits at
// blanks outside of quotes (systemd.syntax(7)). plainPath has refused the rest.
func unitPath(path string) string {
	path = strings.ReplaceAll(path, "%", "%%")
	if strings.ContainsAny(path, " ;") {
		return `"` + path + `"`
	}
	return path
}

// unitCommand writes a command line, where $ would be a variable as well
// (systemd.service(5), "Command lines").
func unitCommand(program string, args []string) string {
	words := []string{unitPath(program)} // of the program's own path no variable is expanded
	for _, a := range args {
		words = append(words, unitPath(strings.ReplaceAll(a, "$", "$$")))
	}
	return strings.Join(words, " ")
}
