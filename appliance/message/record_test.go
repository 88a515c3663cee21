package message_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/message"
)

const (
	someMessage = message.ID("0192f3a4-0000-7000-8000-000000000001")
	somePart    = message.ID("0192f3a4-0000-7000-8000-000000000002")
)

var someTime = time.Date(2026, 11, 24, 3, 4, 5, 0, time.UTC)

func someRecord() message.Record {
	return message.Record{
		Message: someMessage, Part: somePart, Kind: message.PartRecord, Salt: "c2FsdA",
		Form: map[string]message.Clear{"caller": " Ana \"A\" <b> ", "reason": "line\nline\u2028end"},
		Text: "text",
		Files: []message.File{
			{Name: "a.txt", Type: "text/plain", Role: message.RoleAttachment, Size: 3, Data: []byte{0, 1, 255}, Bytes: "ab"},
			{Name: "b.wav", Type: "audio/wav", Role: message.RoleAttachment, Size: 1 << 20, Blob: somePart, Key: "AGE-SECRET-KEY-PQ-1", Bytes: "cd"},
		},
		Script: []message.Spoken{{Step: "greeting", At: someTime}, {Step: "breathing", At: someTime, Answer: "No"}, {Step: "since", At: someTime, Skipped: true}},
		Flags:  []message.Flagged{{Flag: "chest-pain", Said: message.FlagNo, At: someTime}, {Flag: "stroke", Said: message.FlagYes, At: someTime}},
	}
}

func TestARecordComesBackAsItWasEncoded(t *testing.T) {
	for name, want := range map[string]message.Record{"full": someRecord(), "empty": {Message: someMessage, Part: somePart}} {
		line, err := want.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(string(line), "\r\n") {
			t.Errorf("%s: the record is more than one line", name)
		}
		got, err := message.DecodeRecord(append(line, "   \n  "...))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: what came back differs", name)
		}
	}
}

func TestFieldIsTrimmed(t *testing.T) {
	if got := someRecord().Field("caller").Reveal(); got != `Ana "A" <b>` {
		t.Errorf("field is %q", got)
	}
	if got := (message.Record{}).Field("caller"); got != "" {
		t.Error("a field that is not there is not empty")
	}
}

func TestARecordThatIsNotOneIsRefusedWithoutQuotingIt(t *testing.T) {
	line, err := someRecord().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"empty":         "",
		"cut short":     string(line[:len(line)-1]),
		"two records":   string(line) + string(line),
		"more after it": string(line) + " Ana",
		"no message":    `{"part":"` + string(somePart) + `","text":"Ana"}`,
		"no part":       `{"message":"` + string(someMessage) + `","text":"Ana"}`,
		"a path as id":  `{"message":"../../Ana","part":"` + string(somePart) + `"}`,
		"a list":        `["Ana"]`,
		"wrong kind":    `{"text":{"Ana":1}}`,
	} {
		_, err := message.DecodeRecord([]byte(bad))
		if err == nil {
			t.Errorf("%s is taken for a record", name)
		} else if strings.Contains(err.Error(), "Ana") {
			t.Errorf("%s: the error quotes the contents", name)
		}
	}
}

func FuzzDecodeRecord(f *testing.F) {
	line, err := someRecord().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add(append(line, make([]byte, 3)...))
	f.Add([]byte(`{"message":"0192f3a4-0000-7000-8000-000000000001","part":"0192f3a4-0000-7000-8000-000000000002","form":null,"files":[{}]}   `))
	f.Add([]byte(`{"files":[{"data":"!"}]}`))
	f.Add([]byte(`[[[[[[`))
	f.Fuzz(func(t *testing.T, line []byte) {
		first, err := message.DecodeRecord(line)
		if err != nil {
			return
		}
		again, err := first.Encode()
		if err != nil {
			t.Fatalf("what decoded does not encode: %v", err)
		}
		second, err := message.DecodeRecord(again)
		if err != nil {
			t.Fatalf("what was encoded does not decode: %v", err)
		}
		third, err := second.Encode()
		if err != nil || string(third) != string(again) {
			t.Fatal("encoding is not stable")
		}
	})
}
