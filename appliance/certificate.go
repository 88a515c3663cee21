package appliance

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"nightbell/appliance/finding"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/install"
)

// caFile is the public certificate of the practice's own authority: what the
// office imports into its browsers.
const caFile = "ca.pem"

// lookAgain is how often the machine's names and addresses are compared with
// its certificate: a laptop server changes networks, an office its router.
const lookAgain = 10 * time.Minute

// certificates lie in node.db: a certificate belongs to one machine, and a
// restore on another makes its own.
var certificates = store.NewTable[install.Certificate]("certificate")

const certificateKey = "serving"

// certificate is what the doors serve with; it is changed under their feet.
type certificate struct {
	now atomic.Pointer[tls.Certificate]
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			if cert := c.now.Load(); cert != nil {
				return cert, nil
			}
			return nil, errors.New("there is no certificate yet")
		},
	}
}

// CAFile is where the authority's public certificate lies.
func (a *Appliance) CAFile() string { return filepath.Join(a.Store.Dir(), caFile) }

// CACert is the authority's public certificate, PEM.
func (a *Appliance) CACert() ([]byte, error) {
	s, err := vault.LoadSecrets(a.Store.Dir())
	return s.CACert, err
}

// loadCertificate brings the certificate into use, issued anew where it has to be.
func (a *Appliance) loadCertificate() error {
	s, err := vault.LoadSecrets(a.Store.Dir())
	if err != nil {
		return noSecrets(err)
	}
	a.publishAuthority(s.CACert)
	err = a.ensureCertificate(context.Background(), install.Authority{Certificate: s.CACert, Key: s.CAKey})
	if err != nil && a.cert.now.Load() != nil {
		a.Log.Warn("the server's certificate could not be renewed", "err", err)
		return nil // the one it has serves on
	}
	return err
}

// publishAuthority lays the authority's certificate out for whoever imports it.
// It is a copy: a disk too full for it must not keep the machine from ringing.
func (a *Appliance) publishAuthority(cert []byte) {
	if have, err := os.ReadFile(a.CAFile()); err == nil && bytes.Equal(have, cert) {
		return
	}
	if err := store.WriteFile(a.CAFile(), cert, 0o600); err != nil {
		a.Log.Error("the authority's certificate could not be written to its file", "err", err)
	}
}

// ensureCertificate serves with the certificate that is kept, and then with a new
// one where it is due. With an error, the one that is kept serves on if it can.
func (a *Appliance) ensureCertificate(ctx context.Context, ca install.Authority) error {
	var have install.Certificate
	err := a.Node.View(func(tx *store.Tx) (err error) {
		have, _, err = certificates.Get(tx, certificateKey)
		return err
	})
	if err != nil {
		return fmt.Errorf("reading the server's certificate: %w", err)
	}
	if pair, err := have.TLS(); err == nil {
		a.cert.now.Store(&pair)
	}
	names, err := install.LocalNames(a.practice.Host)
	if err != nil {
		return err
	}
	why := have.Due(ca, names, a.Clock.Now())
	if why == "" {
		return nil
	}
	a.Log.Info("issuing a certificate for this server", "why", why)
	return a.issueCertificate(ctx, ca, names)
}

func (a *Appliance) issueCertificate(ctx context.Context, ca install.Authority, names install.Names) error {
	fresh, err := ca.Issue(names, a.Clock.Now())
	if err != nil {
		return err
	}
	pair, err := fresh.TLS()
	if err != nil {
		return err
	}
	err = a.Node.Update(ctx, func(tx *store.Tx) error { return certificates.Put(tx, certificateKey, fresh) })
	if err != nil {
		return fmt.Errorf("keeping the server's certificate: %w", err)
	}
	a.cert.now.Store(&pair)
	return nil
}

// endsSoon is when a certificate that is in use still should long have been
// renewed: somebody has to look before browsers refuse it.
const endsSoon = 7 * 24 * time.Hour

func (a *Appliance) certificateFindings() []finding.Finding {
	pair := a.cert.now.Load()
	if pair == nil || pair.Leaf == nil || pair.Leaf.NotAfter.Sub(a.Clock.Now()) > endsSoon {
		return nil
	}
	return []finding.Finding{{
		ID: "certificate.ends", Severity: finding.Alarm,
		Text: "The certificate of this server ends within days and could not be renewed: browsers will refuse these pages.",
		Do:   "Restart Nightbell; if this stays, look at the log of the service.",
	}}
}

// renewCertificate keeps the certificate good while the appliance runs. What
// goes wrong is logged and tried again: the one in use serves on.
func (a *Appliance) renewCertificate(ctx context.Context) error {
	return a.every(ctx, lookAgain, func() {
		s, err := vault.LoadSecrets(a.Store.Dir())
		if err == nil {
			err = a.ensureCertificate(ctx, install.Authority{Certificate: s.CACert, Key: s.CAKey})
		}
		if err != nil {
			a.Log.Warn("the server's certificate could not be renewed", "err", err)
		}
	})
}
