package backup

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestEntriesOfABucketComeBackByteForByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.OneOf(
			rapid.SliceOf(rapid.Byte()),
			rapid.SampledFrom([][]byte{[]byte(`null`), []byte(`{"a": 1.50,"b":"<>"}`), []byte(` {}`), []byte("{\n}"), []byte(`1e400`), []byte(`"` + "\xff" + `"`), {}}),
		)
		keys := rapid.StringOfN(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("a/\x00\x1f\n\"\\é\u2028\ufffd"))), 1, 40, -1)
		type entry struct {
			key   string
			value []byte
		}
		var want, got []entry
		var file []byte
		for range rapid.IntRange(0, 20).Draw(t, "entries") {
			e := entry{keys.Draw(t, "key"), values.Draw(t, "value")}
			want = append(want, e)
			file = appendLine(file, e.key, e.value)
		}
		if lines := bytes.Count(file, []byte("\n")); lines != len(want) {
			t.Fatalf("%d entries became %d lines", len(want), lines)
		}
		if err := readLines(bytes.NewReader(file), func(key string, value []byte) error {
			got = append(got, entry{key, bytes.Clone(value)})
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("%d entries came back as %d", len(want), len(got))
		}
		for i := range want {
			if got[i].key != want[i].key || !bytes.Equal(got[i].value, want[i].value) {
				t.Fatalf("entry %d: %q=%q came back as %q=%q", i, want[i].key, want[i].value, got[i].key, got[i].value)
			}
		}
	})
}

func TestTextStaysReadableInALine(t *testing.T) {
	line := string(appendLine(nil, "people/7f", []byte(`{"name":"Ana"}`)))
	if want := `{"key":"people/7f","value":{"name":"Ana"}}` + "\n"; line != want {
		t.Errorf("got %s want %s", line, want)
	}
}

func TestABadLineIsNamedByItsNumberAndNotQuoted(t *testing.T) {
	for name, file := range map[string]string{
		"no JSON": "{\"key\":\"a\",\"value\":1}\nsecret words\n",
		"no key":  "{\"key\":\"a\",\"value\":1}\n{\"value\":\"secret words\"}\n",
		"cut":     "{\"key\":\"a\",\"value\":1}\n{\"key\":\"secret wo",
	} {
		err := readLines(strings.NewReader(file), func(string, []byte) error { return nil })
		if err == nil || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
