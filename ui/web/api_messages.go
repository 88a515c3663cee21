package web

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// apiTaking is what a machine posts. Its strings are PHI.
type apiTaking struct {
	CallType message.CallType         `json:"call_type"`
	Urgency  *message.Urgency         `json:"urgency"`
	Form     map[string]message.Clear `json:"form"`
	Text     message.Clear            `json:"text"`
}

// apiTaken is the answer: said only once the message is durable.
type apiTaken struct {
	ID         message.ID `json:"id"`
	Number     string     `json:"number"`
	ReceivedAt time.Time  `json:"received_at"`
}

// apiMessages takes a message from a machine.
func (s *Server) apiMessages(c echo.Context) error {
	dev, err := s.machine(c)
	if err != nil {
		return err
	}
	taking, err := decodeTaking(c)
	if err != nil {
		return err
	}
	key := c.Request().Header.Get("Idempotency-Key")
	receipt, err := s.app.Intake.Take(c.Request().Context(), intake.Taking{
		Type: taking.CallType, Urgency: taking.Urgency, Form: taking.Form, Text: taking.Text,
		Channel: message.ChannelAPI, Device: dev.ID, Key: key,
	})
	if err != nil {
		return err
	}
	// A repeated key is answered like the first time: it is the same message.
	return c.JSON(http.StatusCreated, apiTaken{ID: receipt.ID, Number: receipt.Number.String(), ReceivedAt: receipt.ReceivedAt})
}

// machine answers the device whose credential the request carries.
func (s *Server) machine(c echo.Context) (access.Device, error) {
	scheme, bearer, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") || bearer == "" {
		return access.Device{}, access.ErrRefused
	}
	return s.app.Access.AuthBearer(c.Request().Context(), strings.TrimSpace(bearer), clientAddr(c))
}

// apiError is a request that cannot be read, in words that hold nothing of it.
type apiError struct {
	status int
	detail string
}

func (e *apiError) Error() string { return e.detail }

func decodeTaking(c echo.Context) (t apiTaking, err error) {
	kind, _, _ := strings.Cut(c.Request().Header.Get(echo.HeaderContentType), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), echo.MIMEApplicationJSON) {
		return t, &apiError{http.StatusUnsupportedMediaType, "the body has to be application/json"}
	}
	d := json.NewDecoder(c.Request().Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) || errors.Is(err, echo.ErrStatusRequestEntityTooLarge) {
			return t, echo.ErrStatusRequestEntityTooLarge
		}
		return t, &apiError{http.StatusBadRequest, "the body has to be one JSON object with call_type, urgency (routine, same-day or urgent), form (an object of strings) and text"}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return t, &apiError{http.StatusBadRequest, "something follows the JSON object"}
	}
	return t, nil
}

// problemDetails is an error for a machine, RFC 9457.
type problemDetails struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail,omitempty"`
	Errors []fieldProblem `json:"errors,omitempty"`
}

type fieldProblem struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

const mimeProblem = "application/problem+json"

// problemFor puts an error into words for a machine: what is wrong with which
// field, never what stood there.
func problemFor(c echo.Context, status int, err error) problemDetails {
	p := problemDetails{Type: "about:blank", Status: status}
	var mine *apiError
	var invalid *intake.Invalid
	var tooMany *access.TooMany
	switch {
	case errors.As(err, &mine):
		p.Status, p.Detail = mine.status, mine.detail
	case errors.As(err, &invalid):
		p.Status = http.StatusUnprocessableEntity
		p.Detail = "the message cannot be taken as it is"
		for _, f := range invalid.Problems {
			p.Errors = append(p.Errors, fieldProblem{Field: f.Field, Detail: f.Words})
		}
	case errors.As(err, &tooMany):
		retryAfter(c, tooMany.After)
		p.Status, p.Detail = http.StatusTooManyRequests, tooMany.Error()
	case errors.Is(err, access.ErrRefused):
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, "Bearer")
		p.Status, p.Detail = http.StatusUnauthorized, "give the credential of a device that may send, as Authorization: Bearer"
	case errors.Is(err, store.ErrFull):
		retryAfter(c, time.Minute)
		p.Status, p.Detail = http.StatusInsufficientStorage, "the disk is full; nothing was taken; try again with the same Idempotency-Key"
	case refusesForNow(err):
		retryAfter(c, time.Second)
		p.Status, p.Detail = http.StatusServiceUnavailable, "it is not known whether the message was kept; try again with the same Idempotency-Key"
	}
	p.Title = http.StatusText(p.Status)
	return p
}

func problemJSON(c echo.Context, p problemDetails) error {
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return c.Blob(p.Status, mimeProblem, b)
}
