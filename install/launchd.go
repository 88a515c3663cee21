package install

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// launchdList is the property list of the service for macOS, where ports below
// 1024 need no right of their own.
func (o Options) launchdList() string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Written by nightbell install. -->
<plist version="1.0">
<dict>
`)
	key := func(name, value string) { fmt.Fprintf(&b, "\t<key>%s</key>\n\t%s\n", name, value) }
	text := func(s string) string { return "<string>" + xmlText(s) + "</string>" }
	key("Label", text(o.Name))
	var args strings.Builder
	for _, a := range append([]string{o.Executable}, o.arguments()...) {
		args.WriteString("\t\t" + text(a) + "\n")
	}
	key("ProgramArguments", "<array>\n"+args.String()+"\t</array>")
	key("UserName", text(o.User))
	key("RunAtLoad", "<true/>")
	key("KeepAlive", "<true/>")
	key("ThrottleInterval", "<integer>1</integer>")
	key("ExitTimeOut", "<integer>15</integer>")
	key("ProcessType", text("Interactive")) // neither slowed down nor put off: it rings people
	key("Umask", "<integer>63</integer>")   // 0077
	key("SoftResourceLimits", "<dict>\n\t\t<key>Core</key>\n\t\t<integer>0</integer>\n\t\t<key>NumberOfFiles</key>\n\t\t<integer>65536</integer>\n\t</dict>")
	key("HardResourceLimits", "<dict>\n\t\t<key>Core</key>\n\t\t<integer>0</integer>\n\t\t<key>NumberOfFiles</key>\n\t\t<integer>65536</integer>\n\t</dict>")
	key("StandardOutPath", text(o.launchdLog()))
	key("StandardErrorPath", text(o.launchdLog()))
	b.WriteString("</dict>\n</plist>\n")
	return b.String()
}

// launchdLog is the file that the service's log goes to. launchd opens it as the
// service's user, who may not make files there.
func (o Options) launchdLog() string { return "/var/log/" + o.Name + ".log" }

func xmlText(s string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(s)) // a bytes.Buffer takes everything
	return b.String()
}
