package backup

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// A bucket is written as JSON lines, one entry each, in the order of its keys:
//
//	{"key":"people/7f","value":{"name":"Ana"}}
//	{"key":"node/0/17","value64":"n2xR…"}
//
// A value that is one line of JSON stands as it is, any other in base64. Read
// back, each is the same bytes again.

// maxLine bounds one entry: a write set closes long before it.
const maxLine = 16 << 20

// appendLine appends one entry with its line end.
func appendLine(line []byte, key string, value []byte) []byte {
	text, _ := json.Marshal(key) // a string cannot fail, and keys are UTF-8
	line = append(append(line, `{"key":`...), text...)
	if plainJSON(value) {
		line = append(append(line, `,"value":`...), value...)
	} else {
		line = appendBase64(append(line, `,"value64":`...), value)
	}
	return append(line, '}', '\n')
}

// plainJSON says whether a value comes back byte for byte when it stands in a
// line as it is.
func plainJSON(value []byte) bool {
	return json.Valid(value) && utf8.Valid(value) && !bytes.ContainsAny(value, "\r\n") && len(bytes.TrimSpace(value)) == len(value)
}

func appendBase64(line, b []byte) []byte {
	line = append(line, '"')
	line = base64.StdEncoding.AppendEncode(line, b)
	return append(line, '"')
}

// readLines reads entries until the end and hands each on. Its errors never
// quote what was read.
func readLines(r io.Reader, each func(key string, value []byte) error) error {
	scan := bufio.NewScanner(r)
	scan.Buffer(make([]byte, 64<<10), maxLine)
	for n := 1; scan.Scan(); n++ {
		key, value, err := parseLine(scan.Bytes())
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if err := each(key, value); err != nil {
			return err
		}
	}
	if err := scan.Err(); err != nil {
		return fmt.Errorf("reading lines: %w", err)
	}
	return nil
}

func parseLine(line []byte) (key string, value []byte, err error) {
	var entry struct {
		Key     string          `json:"key"`
		Value   json.RawMessage `json:"value"`
		Value64 []byte          `json:"value64"`
	}
	if err := json.Unmarshal(line, &entry); err != nil {
		return "", nil, errors.New("is not one entry of a bucket")
	}
	if entry.Key == "" || entry.Value == nil && entry.Value64 == nil {
		return "", nil, errors.New("has no key or no value")
	}
	if entry.Value != nil {
		return entry.Key, entry.Value, nil
	}
	return entry.Key, entry.Value64, nil
}
