package message

import (
	"fmt"
	"log/slog"
)

// sealedWord is what anything that holds PHI prints as.
const sealedWord = "[sealed]"

// Clear is text that may be PHI, in the clear. It prints as "[sealed]" through
// fmt, html/template and slog; Reveal is the only way to its text, so that a
// reader can find each place where PHI is shown by searching for that word.
// encoding/json writes the text: a Clear is encoded inside a seal only.
type Clear string

// Reveal answers the text, for the one page or sealed file that shows it.
func (c Clear) Reveal() string { return string(c) }

// Format prints "[sealed]", whatever the verb.
func (c Clear) Format(f fmt.State, _ rune) { fmt.Fprint(f, sealedWord) }

// LogValue logs "[sealed]".
func (c Clear) LogValue() slog.Value { return slog.StringValue(sealedWord) }

// Format prints "[sealed]", whatever the verb.
func (r Record) Format(f fmt.State, _ rune) { fmt.Fprint(f, sealedWord) }

// LogValue logs "[sealed]".
func (r Record) LogValue() slog.Value { return slog.StringValue(sealedWord) }

// Format prints "[sealed]", whatever the verb.
func (r File) Format(f fmt.State, _ rune) { fmt.Fprint(f, sealedWord) }

// LogValue logs "[sealed]".
func (r File) LogValue() slog.Value { return slog.StringValue(sealedWord) }

// Sealed is ciphertext: an age file as it lies in the store.
type Sealed []byte

// Format prints "[sealed]", whatever the verb.
func (s Sealed) Format(f fmt.State, _ rune) { fmt.Fprint(f, sealedWord) }

// LogValue logs "[sealed]".
func (s Sealed) LogValue() slog.Value { return slog.StringValue(sealedWord) }
