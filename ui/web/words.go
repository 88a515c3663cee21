package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed words/en.txt
var wordFiles embed.FS

// words is all that pages say to people, by key. One file a language holds
// them, so that another language is another file.
type words map[string]string

// readWords reads lines of "key = text". Empty lines and lines that start with
// "#" are for people.
func readWords(file string) (words, error) {
	b, err := wordFiles.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the words: %w", err)
	}
	w := words{}
	for n, line := range strings.Split(string(b), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, text, ok := strings.Cut(line, " = ")
		if _, twice := w[key]; !ok || twice {
			return nil, fmt.Errorf("%s:%d: not one \"key = text\", or the key for the second time", file, n+1)
		}
		w[key] = text
	}
	return w, nil
}

// say answers the text of a key with its values put in. What holds PHI cannot be
// put in by mistake: it prints as "[sealed]".
func (w words) say(key string, values ...any) string {
	text, ok := w[key]
	if !ok {
		return key
	}
	if len(values) == 0 {
		return text
	}
	return fmt.Sprintf(text, values...)
}

// count says "one thing" or "n things": key.one and key.many.
func (w words) count(key string, n int) string {
	if n == 1 {
		return w.say(key + ".one")
	}
	return w.say(key+".many", n)
}

// forModules answers the words that the page's modules say, as JSON.
func (w words) forModules() (string, error) {
	mine := map[string]string{}
	for key, text := range w {
		if strings.HasPrefix(key, "js.") {
			mine[key] = text
		}
	}
	b, err := json.Marshal(mine)
	if err != nil {
		return "", fmt.Errorf("encoding the modules' words: %w", err)
	}
	return string(b), nil
}
