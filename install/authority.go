package install

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

// authorityLife is long enough that nobody has to visit every browser of the
// office again before the machine itself is replaced.
const authorityLife = 10 * 365 * 24 * time.Hour

// skew is how far a browser's clock may be behind ours.
const skew = 24 * time.Hour

// Authority is the practice's own certificate authority. The office imports its
// certificate once into each browser. It is constrained to names and addresses
// that exist inside an office only, so that whoever steals its key cannot
// pretend to be anybody else towards those browsers.
type Authority struct {
	Certificate []byte // PEM
	Key         []byte // PEM, PKCS #8; a secret
}

// officeDomains are top-level names that the public DNS does not have.
var officeDomains = []string{"local", "internal", "home.arpa"}

// officeNets are the addresses that are not routed outside: RFC 1918, RFC 6598
// (used by VPNs), RFC 4193, and loopback.
var officeNets = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("::1/128"),
}

// NewAuthority makes an authority for a practice. It will vouch for the names
// given, whatever they are, for office domains, and for office addresses.
func NewAuthority(practice string, names Names, now time.Time) (Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Authority{}, fmt.Errorf("making the authority's key: %w", err)
	}
	dns := slices.Clone(names.DNS)
	for _, d := range officeDomains {
		if !slices.Contains(dns, d) {
			dns = append(dns, d)
		}
	}
	cert := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "Nightbell, " + practice, Organization: []string{practice}},
		NotBefore:             now.Add(-skew).UTC(),
		NotAfter:              now.Add(authorityLife).UTC(),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: dns,
	}
	for _, n := range officeNets {
		cert.PermittedIPRanges = append(cert.PermittedIPRanges, ipNet(n))
	}
	for _, ip := range names.IP {
		if !inside(cert.PermittedIPRanges, ip) {
			cert.PermittedIPRanges = append(cert.PermittedIPRanges, ipNet(netip.PrefixFrom(ip, ip.BitLen())))
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		return Authority{}, fmt.Errorf("making the authority's certificate: %w", err)
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return Authority{}, err
	}
	return Authority{Certificate: encodeCert(der), Key: keyPEM}, nil
}

// open reads the authority and checks that its two halves belong together.
func (a Authority) open() (*x509.Certificate, crypto.Signer, error) {
	cert, err := decodeCert(a.Certificate)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the authority's certificate: %w", err)
	}
	key, err := decodeKey(a.Key)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the authority's key: %w", err)
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return nil, nil, errors.New("the authority's key is not its certificate's")
	}
	return cert, key, nil
}

// vouchable keeps of the names those that the authority may vouch for: one that
// it may not would make the browser refuse the whole certificate.
func vouchable(ca *x509.Certificate, n Names) Names {
	return Names{
		DNS: slices.DeleteFunc(slices.Clone(n.DNS), func(name string) bool {
			return !slices.ContainsFunc(ca.PermittedDNSDomains, func(d string) bool { return within(name, d) })
		}),
		IP: slices.DeleteFunc(slices.Clone(n.IP), func(ip netip.Addr) bool { return !inside(ca.PermittedIPRanges, ip) }),
	}
}

func within(name, domain string) bool {
	return name == domain || len(name) > len(domain) && name[len(name)-len(domain)-1:] == "."+domain
}

func inside(nets []*net.IPNet, ip netip.Addr) bool {
	return slices.ContainsFunc(nets, func(n *net.IPNet) bool { return n.Contains(ip.AsSlice()) })
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

func encodeCert(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("writing a key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func decodeCert(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("it is not a PEM certificate")
	}
	return x509.ParseCertificate(block.Bytes)
}

func decodeKey(text []byte) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, errors.New("it is not a PEM key")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("it is not a PKCS #8 key")
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("it is not an ECDSA key")
	}
	return ec, nil
}
