package message

import (
	"errors"
	"fmt"
	"log/slog"
)

// sealedWord is what anything that holds PHI prints as.
const sealedWord = "[sealed]"

// errClear is what encoders get instead of PHI.
var errClear = errors.New("clear text is encoded inside a seal only")

// Clear is text that may be PHI, in the clear. It prints as "[sealed]" through
// fmt, html/template and slog, and refuses to be encoded as JSON, XML or text;
// Reveal is the only way to its text, so that a reader can find each place where
// PHI is shown by searching for that word. It decodes like a string.
//
// Keep a Clear in exported fields: fmt cannot ask a value in an unexported one
// how it wants to be printed.
type Clear string

// Reveal answers the text, for the one page or sealed file that shows it.
func (c Clear) Reveal() string { return string(c) }

// Format prints "[sealed]", whatever the verb.
func (c Clear) Format(f fmt.State, _ rune) { fmt.Fprint(f, sealedWord) }

// LogValue logs "[sealed]".
func (c Clear) LogValue() slog.Value { return slog.StringValue(sealedWord) }

// MarshalText always fails: structs that hold a Clear must not slip through an
// encoder, a log handler or a script in a page.
func (c Clear) MarshalText() ([]byte, error) { return nil, errClear }

// UnmarshalText takes the text as it is.
func (c *Clear) UnmarshalText(b []byte) error {
	*c = Clear(b)
	return nil
}

// Format prints "[sealed]", whatever the verb.
func (r Record) Format(f fmt.State, _ rune) { fmt.Fprint(f, sealedWord) }

// LogValue logs "[sealed]".
func (r Record) LogValue() slog.Value { return slog.StringValue(sealedWord) }

// MarshalJSON always fails: Encode is the way, and its place is inside a seal.
func (r Record) MarshalJSON() ([]byte, error) { return nil, errClear }

// Format prints "[sealed]", whatever the verb.
func (r File) Format(f fmt.State, _ rune) { fmt.Fprint(f, sealedWord) }

// LogValue logs "[sealed]".
func (r File) LogValue() slog.Value { return slog.StringValue(sealedWord) }

// MarshalJSON always fails, as Record's does.
func (r File) MarshalJSON() ([]byte, error) { return nil, errClear }

// Sealed is ciphertext: an age file as it lies in the store.
type Sealed []byte

// Format prints "[sealed]", whatever the verb.
func (s Sealed) Format(f fmt.State, _ rune) { fmt.Fprint(f, sealedWord) }

// LogValue logs "[sealed]".
func (s Sealed) LogValue() slog.Value { return slog.StringValue(sealedWord) }
