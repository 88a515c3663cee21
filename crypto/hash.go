package crypto

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The second recommended set of RFC 9106, section 4: for where 2 GiB a
// derivation is too much.
const (
	argonTime    = 3
	argonMemory  = 64 << 10 // KiB
	argonThreads = 4
	argonSalt    = 16
	argonKey     = 32
)

// HashPassword answers a PHC string ("$argon2id$v=19$…") for a person who holds
// no slot. It takes 64 MiB while it runs.
func HashPassword(password string) (string, error) {
	salt := make([]byte, argonSalt)
	rand.Read(salt)
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// VerifyHash is nil when the password is the one that HashPassword was given,
// ErrWrongPassword when it is another. A string that asks for more memory or
// time than ours do is refused before the work is done.
func VerifyHash(phc, password string) error {
	fields := strings.Split(phc, "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" {
		return errors.New("a password hash is not an argon2id string")
	}
	var version, memory, time, threads int
	if _, err := fmt.Sscanf(fields[2]+" "+fields[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &time, &threads); err != nil {
		return errors.New("a password hash has no parameters")
	}
	if version != argon2.Version || memory < 8 || memory > argonMemory || time < 1 || time > argonTime || threads < 1 || threads > argonThreads {
		return errors.New("a password hash has parameters that are not ours")
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(fields[4])
	want, err2 := base64.RawStdEncoding.DecodeString(fields[5])
	if err1 != nil || err2 != nil || len(want) < 16 {
		return errors.New("a password hash is damaged")
	}
	key := argon2.IDKey([]byte(password), salt, uint32(time), uint32(memory), uint8(threads), uint32(len(want)))
	if subtle.ConstantTimeCompare(key, want) != 1 {
		return ErrWrongPassword
	}
	return nil
}
