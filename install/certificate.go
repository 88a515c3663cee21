package install

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

const (
	// Browsers refuse more than 398 days of public authorities, and some of
	// private ones too.
	certificateLife = 365 * 24 * time.Hour
	// renewBefore leaves a machine that was off over the summer time to renew.
	renewBefore = 90 * 24 * time.Hour
)

// Certificate is what the machine shows to browsers and mail clients.
type Certificate struct {
	Certificate []byte // PEM
	Key         []byte // PEM, PKCS #8; a secret that belongs to this machine alone
}

// Issue makes a certificate for the names that the authority may vouch for.
func (a Authority) Issue(names Names, now time.Time) (Certificate, error) {
	ca, signer, err := a.open()
	if err != nil {
		return Certificate{}, err
	}
	names = vouchable(ca, names)
	if len(names.DNS) == 0 {
		return Certificate{}, errors.New("the authority may vouch for none of the machine's names; make another authority")
	}
	return issueAs(ca, signer, names, now)
}

func issueAs(ca *x509.Certificate, signer crypto.Signer, names Names, now time.Time) (Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Certificate{}, fmt.Errorf("making the server's key: %w", err)
	}
	cert := &x509.Certificate{
		Subject:               pkix.Name{CommonName: names.DNS[0]},
		DNSNames:              names.DNS,
		NotBefore:             now.Add(-skew).UTC(),
		NotAfter:              now.Add(certificateLife).UTC(),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, ip := range names.IP {
		cert.IPAddresses = append(cert.IPAddresses, net.IP(ip.AsSlice()))
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, ca, key.Public(), signer)
	if err != nil {
		return Certificate{}, fmt.Errorf("making the server's certificate: %w", err)
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return Certificate{}, err
	}
	return Certificate{Certificate: encodeCert(der), Key: keyPEM}, nil
}

// Due says why the certificate has to be issued anew now, or "" when it serves
// on. One that is empty or cannot be read is due.
func (c Certificate) Due(a Authority, names Names, now time.Time) (why string) {
	cert, err := decodeCert(c.Certificate)
	if err != nil {
		return "there is none that can be read"
	}
	if _, err := c.TLS(); err != nil {
		return "its key cannot be read"
	}
	ca, err := decodeCert(a.Certificate)
	if err != nil {
		return "" // nothing could issue another one: this one is better than none
	}
	if cert.CheckSignatureFrom(ca) != nil {
		return "it is another authority's"
	}
	if cert.NotAfter.Sub(now) < renewBefore {
		return "it ends soon"
	}
	if now.Before(cert.NotBefore) {
		return "it begins in the future"
	}
	want, have := vouchable(ca, names), Names{DNS: cert.DNSNames}
	for _, ip := range cert.IPAddresses {
		if a, ok := netip.AddrFromSlice(ip); ok {
			have.IP = append(have.IP, a.Unmap())
		}
	}
	if !slices.Equal(want.DNS, have.DNS) || !slices.Equal(want.IP, have.IP) {
		return "the machine's names or addresses changed"
	}
	return ""
}

// TLS is the certificate as crypto/tls takes it.
func (c Certificate) TLS() (tls.Certificate, error) {
	pair, err := tls.X509KeyPair(c.Certificate, c.Key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("reading the server's certificate: %w", err)
	}
	return pair, nil
}
