package crypto

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"rsc.io/qr"
)

// Text writes the kit as the page to print: at most 60 lines of 80 columns.
// Every line but the identity's begins with "#", so that "age -i kit.txt" takes
// the file as it is. It is a secret; it belongs on paper, away from the server.
func (k *Kit) Text() ([]byte, error) {
	code, err := qrLines(k.Identity.String())
	if err != nil {
		return nil, fmt.Errorf("drawing the recovery kit: %w", err)
	}
	var page bytes.Buffer
	line := func(s string) { page.WriteString(strings.TrimRight("# "+s, " ") + "\n") }
	for _, s := range []string{
		"NIGHTBELL RECOVERY KIT",
		"",
		strings.TrimPrefix(kitPractice, "# ") + clip(oneLine(k.Practice), 60),
		strings.TrimPrefix(kitMade, "# ") + k.Made.UTC().Format(time.RFC3339),
		"",
		"Whoever holds this page and the data folder, or a backup of it, can read every",
		"message. Print it twice, lock them away in two places, then delete this file.",
		"It opens the practice when no password does, and a backup on a new server:",
		"  nightbell backup restore --from BACKUP --to NEWFOLDER --identity kit.txt",
		"",
		"The key (type it, or scan the code, into a file kit.txt):",
	} {
		line(s)
	}
	page.WriteString(k.Identity.String() + "\n")
	for _, s := range code {
		line(s)
	}
	for _, s := range []string{
		"By hand, with age 1.3 or newer (https://age-encryption.org) and nothing else,",
		"in the data folder or a backup (the day's file has a name of its own there):",
		"  age -d -i kit.txt keys/recovery.age > practice.txt",
		"  age -d -i practice.txt epochs/2026-11-24.calls.k7fm.age > day.txt",
		"  age -d -i day.txt record.age",
		"",
		"To prove that a backup is this practice's own:",
		strings.TrimPrefix(kitSigning, "# ") + base64.StdEncoding.EncodeToString(k.Signing),
	} {
		line(s)
	}
	return page.Bytes(), nil
}

// quiet is the blank frame that a QR code needs to be found: four modules.
const quiet = 4

// qrLines draws a QR code with half blocks, two rows of it a line, dark on the
// white of paper.
func qrLines(text string) ([]string, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, err
	}
	var lines []string
	for y := -quiet; y < code.Size+quiet; y += 2 {
		var b strings.Builder
		for x := -quiet; x < code.Size+quiet; x++ {
			switch upper, lower := code.Black(x, y), code.Black(x, y+1); {
			case upper && lower:
				b.WriteRune('█')
			case upper:
				b.WriteRune('▀')
			case lower:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		lines = append(lines, b.String())
	}
	return lines, nil
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
