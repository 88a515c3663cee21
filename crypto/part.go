package crypto

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"

	"filippo.io/age"
)

// padTo is the block that each line of a pack is padded to with spaces, its
// line end counted, so that the size of a pack says little about what was typed.
const padTo = 512

// SealPart seals one clear line as a pack: an age file of one padded line. The
// commitment is the SHA-256 of the line without padding and line end.
func SealPart(to *age.HybridRecipient, clearLine []byte) (ciphertext []byte, commitment [32]byte, err error) {
	ciphertext, err = SealLines(to, clearLine)
	return ciphertext, sha256.Sum256(clearLine), err
}

// SealLines seals lines as one pack, to any recipient. A line may be empty; it
// may not hold a line end, nor end in a space, which could not be told from padding.
func SealLines(to age.Recipient, lines ...[]byte) ([]byte, error) {
	var clear []byte
	for _, line := range lines {
		if bytes.ContainsAny(line, "\r\n") || bytes.HasSuffix(line, []byte(" ")) {
			return nil, errors.New("sealing a part: it is not one line, or ends in a space")
		}
		clear = append(clear, line...)
		short := padTo - (len(line)+1)%padTo
		clear = append(clear, bytes.Repeat([]byte(" "), short%padTo)...)
		clear = append(clear, '\n')
	}
	return seal(clear, to)
}

// OpenPart opens a pack and answers its line (counted from 0) without padding,
// after comparing it with the commitment (hex, as it stands in the envelope).
// Whatever is not exactly the line that was sealed is ErrForged; a pack sealed
// to another identity is ErrWrongKey.
func OpenPart(ciphertext []byte, id age.Identity, line int, commitment string) ([]byte, error) {
	lines, err := OpenLines(ciphertext, id)
	if err != nil {
		return nil, err
	}
	if line < 0 || line >= len(lines) {
		return nil, fmt.Errorf("%w: the pack has no line %d", ErrForged, line)
	}
	if !Committed(lines[line], commitment) {
		return nil, fmt.Errorf("%w: it differs from its commitment", ErrForged)
	}
	return lines[line], nil
}

// OpenLines opens a pack and answers its lines without padding. Nothing of them
// is checked against a commitment yet: that is the caller's to do, by Committed.
func OpenLines(ciphertext []byte, id age.Identity) ([][]byte, error) {
	clear, err := open(ciphertext, id)
	if err != nil {
		return nil, err
	}
	clear, ended := bytes.CutSuffix(clear, []byte("\n"))
	if !ended {
		return nil, fmt.Errorf("%w: the pack does not end in a line end", ErrForged)
	}
	lines := bytes.Split(clear, []byte("\n"))
	for i := range lines {
		lines[i] = bytes.TrimRight(lines[i], " ")
	}
	return lines, nil
}

// Committed says whether a clear line is the one that the commitment (hex) was
// made of.
func Committed(clearLine []byte, commitment string) bool {
	sum := sha256.Sum256(clearLine)
	return subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(commitment)) == 1
}
