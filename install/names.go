package install

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// Names are what the office may type to reach this machine.
type Names struct {
	DNS []string     // the practice's host name first
	IP  []netip.Addr // loopback first, then in order
}

// LocalNames asks the machine for its name and addresses. host is the
// practice's host name, fixed by init.
func LocalNames(host string) (Names, error) {
	machine, err := os.Hostname()
	if err != nil {
		return Names{}, fmt.Errorf("asking for the machine's name: %w", err)
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return Names{}, fmt.Errorf("asking for the machine's addresses: %w", err)
	}
	var ips []netip.Addr
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				ips = append(ips, ip)
			}
		}
	}
	return NamesOf(host, machine, ips), nil
}

// NamesOf puts together the names of a machine: the practice's host name, whole
// and short, the machine's own, and localhost; and of its addresses those that
// somebody can type: link-local ones need a zone, which no certificate holds.
func NamesOf(host, machine string, ips []netip.Addr) Names {
	var n Names
	for _, name := range []string{host, machine, "localhost"} {
		name = strings.ToLower(strings.TrimSuffix(name, "."))
		short, _, _ := strings.Cut(name, ".")
		n.addDNS(name)
		n.addDNS(short)
	}
	n.IP = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	var others []netip.Addr
	for _, ip := range ips {
		ip = ip.Unmap().WithZone("")
		if ip.IsValid() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() && !ip.IsMulticast() && !ip.IsUnspecified() {
			others = append(others, ip)
		}
	}
	slices.SortFunc(others, netip.Addr.Compare)
	n.IP = append(n.IP, slices.Compact(others)...)
	return n
}

func (n *Names) addDNS(name string) {
	if hostName(name) && !slices.Contains(n.DNS, name) {
		n.DNS = append(n.DNS, name)
	}
}

// hostName says whether a name can stand in a certificate (RFC 1123 2.1).
func hostName(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}
