package install

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	noon   = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	office = NamesOf("desk.cedar.example", "SERVER1.lan.", []netip.Addr{
		netip.MustParseAddr("192.168.1.10"), netip.MustParseAddr("fe80::1%eth0"), netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("fd00::10"), netip.MustParseAddr("127.0.0.1"),
	})
)

func issue(t *testing.T, a Authority, n Names, now time.Time) Certificate {
	t.Helper()
	c, err := a.Issue(n, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func authority(t *testing.T) Authority {
	t.Helper()
	a, err := NewAuthority("Cedar Street Family Practice", office, noon)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func roots(a Authority) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(a.Certificate)
	return pool
}

func TestAMachineHasTheNamesThatSomebodyCanType(t *testing.T) {
	wantDNS := []string{"desk.cedar.example", "desk", "server1.lan", "server1", "localhost"}
	if !slices.Equal(office.DNS, wantDNS) {
		t.Errorf("names %v, want %v", office.DNS, wantDNS)
	}
	var ips []string
	for _, ip := range office.IP {
		ips = append(ips, ip.String())
	}
	if want := "127.0.0.1 ::1 192.168.1.10 203.0.113.7 fd00::10"; strings.Join(ips, " ") != want {
		t.Errorf("addresses %v, want %s", ips, want)
	}
	odd := NamesOf("nightbell.local", "bad_name", []netip.Addr{{}, netip.MustParseAddr("::ffff:10.0.0.5"), netip.MustParseAddr("10.0.0.5")})
	if want := []string{"nightbell.local", "nightbell", "localhost"}; !slices.Equal(odd.DNS, want) || len(odd.IP) != 3 {
		t.Errorf("of odd ones %v, %v", odd.DNS, odd.IP)
	}
}

func TestABrowserThatTrustsTheAuthorityTrustsTheMachineByEachOfItsNames(t *testing.T) {
	a := authority(t)
	pair, err := issue(t, a, office, noon).TLS()
	if err != nil {
		t.Fatal(err)
	}
	names := slices.Clone(office.DNS)
	for _, ip := range office.IP {
		names = append(names, ip.String())
	}
	for _, name := range append(names, "DESK.cedar.example") {
		if err := handshake(t, pair, a, name); err != nil {
			t.Errorf("as %s: %v", name, err)
		}
	}
	for _, name := range []string{"example.com", "192.168.1.11"} {
		if handshake(t, pair, a, name) == nil {
			t.Errorf("it is trusted as %s", name)
		}
	}
}

// handshake speaks TLS to the machine as a browser that knows the authority.
func handshake(t *testing.T, pair tls.Certificate, a Authority, name string) error {
	t.Helper()
	server, client := net.Pipe()
	defer server.Close()
	defer client.Close()
	at := func() time.Time { return noon }
	done := make(chan error, 1)
	go func() {
		done <- tls.Server(server, &tls.Config{Certificates: []tls.Certificate{pair}, Time: at}).HandshakeContext(t.Context())
	}()
	err := tls.Client(client, &tls.Config{RootCAs: roots(a), ServerName: name, Time: at}).HandshakeContext(t.Context())
	client.Close()
	<-done
	return err
}

func TestAStolenAuthorityFoolsNobodyAboutTheWorldOutside(t *testing.T) {
	a := authority(t)
	for what, n := range map[string]Names{
		"a bank":              {DNS: []string{"bank.example"}},
		"a public address":    {DNS: []string{"localhost"}, IP: []netip.Addr{netip.MustParseAddr("198.51.100.1")}},
		"a name like ours":    {DNS: []string{"evildesk.cedar.example"}},
		"the domain above us": {DNS: []string{"cedar.example"}},
	} {
		cert := forge(t, a, n)
		_, err := cert.Verify(x509.VerifyOptions{Roots: roots(a), CurrentTime: noon})
		var bad x509.CertificateInvalidError
		if !errors.As(err, &bad) || bad.Reason != x509.CANotAuthorizedForThisName {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// forge issues what Issue would refuse, by an authority whose constraints are
// not looked at.
func forge(t *testing.T, a Authority, n Names) *x509.Certificate {
	t.Helper()
	loose, err := NewAuthority("x", n, noon)
	if err != nil {
		t.Fatal(err)
	}
	pretend, err := decodeCert(loose.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	ca, key, err := a.open()
	if err != nil {
		t.Fatal(err)
	}
	pretend.PublicKey, pretend.RawSubject, pretend.SubjectKeyId = ca.PublicKey, ca.RawSubject, ca.SubjectKeyId
	c, err := issueAs(pretend, key, n, noon)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := decodeCert(c.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestANameThatTheAuthorityMayNotVouchForIsLeftOut(t *testing.T) {
	a := authority(t)
	moved := NamesOf("desk.cedar.example", "newname.example", []netip.Addr{netip.MustParseAddr("198.51.100.9"), netip.MustParseAddr("10.1.1.1")})
	c := issue(t, a, moved, noon)
	cert, err := decodeCert(c.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(cert.DNSNames, "newname.example") || len(cert.IPAddresses) != 3 {
		t.Errorf("it names %v and %v", cert.DNSNames, cert.IPAddresses)
	}
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots(a), CurrentTime: noon, DNSName: "desk.cedar.example"}); err != nil {
		t.Error(err)
	}
	if why := c.Due(a, moved, noon); why != "" {
		t.Errorf("it would be issued again and again: %s", why)
	}
	if _, err := a.Issue(Names{DNS: []string{"elsewhere.example"}}, noon); err == nil {
		t.Error("a certificate for no name was issued")
	}
}

func TestACertificateIsIssuedAnewInTime(t *testing.T) {
	a, other := authority(t), authority(t)
	c := issue(t, a, office, noon)
	moved := NamesOf("desk.cedar.example", "server1.lan", []netip.Addr{netip.MustParseAddr("192.168.1.99")})
	for what, got := range map[string]struct {
		c     Certificate
		a     Authority
		names Names
		now   time.Time
		due   bool
	}{
		"the same day":         {c, a, office, noon, false},
		"after half a year":    {c, a, office, noon.AddDate(0, 6, 0), false},
		"after ten months":     {c, a, office, noon.AddDate(0, 10, 0), true},
		"after it ended":       {c, a, office, noon.AddDate(2, 0, 0), true},
		"before it begins":     {c, a, office, noon.AddDate(0, 0, -2), true},
		"in another network":   {c, a, moved, noon, true},
		"another authority":    {c, other, office, noon, true},
		"none":                 {Certificate{}, a, office, noon, true},
		"a key of another one": {Certificate{c.Certificate, issue(t, a, office, noon).Key}, a, office, noon, true},
		"no authority to ask":  {c, Authority{}, office, noon.AddDate(2, 0, 0), false},
	} {
		if why := got.c.Due(got.a, got.names, got.now); (why != "") != got.due {
			t.Errorf("%s: %q, due %v", what, why, got.due)
		}
	}
	cert, err := decodeCert(c.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if life := cert.NotAfter.Sub(cert.NotBefore); life >= 398*24*time.Hour {
		t.Errorf("it is good for %v, which browsers refuse", life)
	}
}

func TestAnAuthorityOfTwoHalvesIsRefused(t *testing.T) {
	a, b := authority(t), authority(t)
	for what, mixed := range map[string]Authority{
		"another key": {a.Certificate, b.Key}, "no key": {a.Certificate, nil}, "no certificate": {nil, a.Key},
		"a certificate for a key": {a.Certificate, a.Certificate}, "a key for a certificate": {a.Key, a.Key},
	} {
		if _, err := mixed.Issue(office, noon); err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
}
