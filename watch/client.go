package watch

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
)

// NewClient answers a client that believes certificates of these authorities
// only, follows nobody elsewhere, and opens a connection each time: one that was
// kept says nothing about whether the next one could be made.
func NewClient(roots *x509.CertPool) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: patience,
			DisableKeepAlives:   true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
