package watch

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"
)

const (
	patience  = 10 * time.Second // for one answer
	maxAnswer = 4 << 10          // /readyz says a few words
)

// readiness is what /readyz says.
type readiness struct {
	Status     string   `json:"status"`
	Why        string   `json:"why"`
	Bell       *float64 `json:"bell_seconds"` // since the bell last went round; absent: it never did
	LastResort bool     `json:"last_resort"`
}

// Look looks once and answers the trouble, "" for none, and says it in words.
func (w *Watch) Look(ctx context.Context) (Trouble, string) {
	s := w.look(ctx)
	if s.trouble == "" {
		return "", "Nightbell at " + w.host + " is well."
	}
	w.machine.answers = true // nothing is known of looks before
	return s.trouble, w.machine.words(s)
}

func (w *Watch) look(ctx context.Context) sight {
	s := sight{at: w.now()}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(w.o.URL, "/")+"/readyz", nil)
	if err != nil {
		s.trouble = NoAnswer
		return s
	}
	resp, err := w.o.Client.Do(req)
	if err != nil {
		s.trouble = NoAnswer
		var untrusted *tls.CertificateVerificationError
		if errors.As(err, &untrusted) {
			s.trouble = NotTrusted
		}
		return s
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		s.trouble = NoAnswer
		return s
	}
	var r readiness
	told := json.Unmarshal(body, &r) == nil
	s.trouble, s.detail = w.judge(resp.StatusCode, told, r)
	return s
}

// judge says what is wrong in an answer, the gravest first.
func (w *Watch) judge(status int, told bool, r readiness) (Trouble, string) {
	switch {
	case told && r.LastResort:
		return LastResort, ""
	case status != http.StatusOK || !told || r.Status != "ready":
		return NotReady, tidy(r.Why)
	case r.Bell == nil:
		return BellNever, ""
	case *r.Bell > w.o.Late.Seconds() || *r.Bell < -w.o.Late.Seconds():
		return BellLate, ""
	}
	return "", ""
}

// tidy is what may be passed on of an answer.
func tidy(s string) string {
	const most = 200
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
