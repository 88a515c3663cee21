package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"nightbell/appliance/settings"
)

const (
	maxAnswer = 64 << 10 // bytes of an answer that are read: an id and a state, or an error
	maxList   = 4 << 20  // bytes of a list: a day of texts
	dialTime  = 10 * time.Second
)

// network is how the channels reach the outside: https alone, certificates
// verified, redirects not followed. Its client is made once, until forgotten.
type network struct {
	mu     sync.Mutex
	ca     string // the file that the client was made with
	client *http.Client
}

// forget has the next use read the CA file again.
func (n *network) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.client != nil {
		n.client.CloseIdleConnections()
		n.client = nil
	}
}

// http answers the client, or why there is none.
func (n *network) http(c Config) (*http.Client, string) {
	ca := c.Setting(settings.ChannelsCA)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.client != nil && n.ca == ca {
		return n.client, ""
	}
	conf, why := TLS(ca)
	if why != "" {
		return nil, why
	}
	n.ca = ca
	n.client = &http.Client{
		Transport: &http.Transport{
			TLSClientConfig: conf, TLSHandshakeTimeout: dialTime, ForceAttemptHTTP2: true,
			MaxIdleConnsPerHost: pageWorkers, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: maxAnswer,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return n.client, ""
}

// TLS is how a channel speaks to the outside: TLS 1.2 at least, the certificate
// verified against the system's CAs, or against those of a file where one is named.
func TLS(caFile string) (conf *tls.Config, why string) {
	conf = &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return conf, ""
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, whyCA("cannot be read")
	}
	conf.RootCAs = x509.NewCertPool()
	if !conf.RootCAs.AppendCertsFromPEM(pem) {
		return nil, whyCA("holds no certificate")
	}
	return conf, ""
}

// ask sends a request and reads the answer, up to its limit.
func (n *network) ask(ctx context.Context, c Config, req *http.Request, now func() time.Time) (Answer, string) {
	return n.askUpTo(ctx, c, req, now, maxAnswer)
}

func (n *network) askUpTo(ctx context.Context, c Config, req *http.Request, now func() time.Time, limit int64) (Answer, string) {
	if req.URL.Scheme != "https" {
		return Answer{}, whyPlain
	}
	client, why := n.http(c)
	if why != "" {
		return Answer{}, why
	}
	req.Header.Set("User-Agent", "Nightbell")
	resp, err := client.Do(req.WithContext(ctx))
	if err != nil {
		return Answer{}, whyNoAnswer(req.URL.Host, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit))
	if err != nil && resp.StatusCode < 300 {
		body = nil // it was taken; what it is called there is not known
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: body, At: now()}, ""
}
