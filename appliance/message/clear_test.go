package message_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html/template"
	"log/slog"
	"strings"
	"testing"

	"nightbell/appliance/message"
)

const patient = "Wilhelmina Ostrander"

// holder is what careless code would log or print: PHI somewhere inside it.
type holder struct {
	Name   message.Clear
	Form   map[string]message.Clear
	List   []message.Clear
	To     *message.Clear
	Record message.Record
	File   message.File
	Pack   message.Sealed
}

func values() map[string]any {
	name := message.Clear(patient)
	file := message.File{Name: name, Type: "text/plain", Data: []byte(patient), Key: name}
	record := message.Record{Message: "m", Form: map[string]message.Clear{"patient": name}, Text: name, Files: []message.File{file}}
	return map[string]any{
		"Clear":            name,
		"pointer to Clear": &name,
		"slice of Clear":   []message.Clear{name},
		"map of Clear":     map[string]message.Clear{"patient": name},
		"Record":           record,
		"*Record":          &record,
		"File":             file,
		"Sealed":           message.Sealed(patient),
		"struct":           holder{name, record.Form, []message.Clear{name}, &name, record, file, message.Sealed(patient)},
	}
}

// shows says whether out holds the patient, in plain or in one of the forms that
// a verb or an encoder gives a string.
func shows(out string) bool {
	hexed := fmt.Sprintf("%x", patient)
	low := strings.ToLower(out)
	return strings.Contains(out, patient) || strings.Contains(out, "Ostrander") ||
		strings.Contains(low, hexed) || strings.Contains(low, fmt.Sprintf("% x", patient)) ||
		strings.Contains(out, strings.Trim(fmt.Sprint([]byte(patient)), "[]"))
}

// fmt asks no value about %p and %w (outside an error); go vet refuses both.
func TestNoVerbOfFmtPrintsPHI(t *testing.T) {
	for name, v := range values() {
		for _, verb := range strings.Fields("v +v #v s q x X d o O b c U e E f F g G t T 10s -40v .3s") {
			if out := fmt.Sprintf("%"+verb, v); shows(out) {
				t.Errorf("%s through %%%s prints the patient", name, verb)
			}
		}
		if out := fmt.Sprint(v) + fmt.Sprintln("a", v); shows(out) {
			t.Errorf("%s through Sprint prints the patient", name)
		}
		if err := fmt.Errorf("opening %v: %w", v, context.Canceled); shows(err.Error()) {
			t.Errorf("%s in an error prints the patient", name)
		}
	}
}

func TestClearPrintsTheWordSealed(t *testing.T) {
	for _, v := range []any{message.Clear(patient), message.Record{}, message.File{}, message.Sealed("x")} {
		if out := fmt.Sprintf("%v %s %q %x %#v", v, v, v, v, v); out != strings.TrimSpace(strings.Repeat("[sealed] ", 5)) {
			t.Errorf("%T prints %q", v, out)
		}
	}
}

func TestNoLogHandlerWritesPHI(t *testing.T) {
	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		log := slog.New(h)
		for name, v := range values() {
			out.Reset()
			log.Info("taking", "what", v, slog.Group("in", "v", v))
			log.With("v", v).Info("again")
			if shows(out.String()) {
				t.Errorf("%s through %T writes the patient", name, h)
			}
		}
		out.Reset()
		log.Info("taking", "name", message.Clear(patient))
		if !strings.Contains(out.String(), "[sealed]") {
			t.Errorf("%T does not say [sealed]: %s", h, out.String())
		}
	}
}

func TestNoTemplateShowsPHIWithoutReveal(t *testing.T) {
	page := template.Must(template.New("page").Parse(
		`<p title="{{.}}">{{.}}</p><a href="/m?q={{.}}">x</a><a href="{{.}}">y</a><style>p{color:{{.}}}</style><script>let x = {{.}}</script><b onclick="f({{.}})">z</b>`))
	for name, v := range values() {
		var out bytes.Buffer
		err := page.Execute(&out, v) // a script's encoder refuses, which is as good
		if shows(out.String()) || err != nil && shows(err.Error()) {
			t.Errorf("%s through html/template shows the patient", name)
		}
	}
	var out bytes.Buffer
	if err := template.Must(template.New("p").Parse(`<b>{{.Name.Reveal}}</b>`)).Execute(&out, holder{Name: patient}); err != nil {
		t.Fatal(err)
	}
	if out.String() != "<b>"+patient+"</b>" {
		t.Errorf("Reveal shows %q", out.String())
	}
}

func TestEncodersRefusePHI(t *testing.T) {
	for name, v := range values() {
		if name == "Sealed" { // ciphertext may be encoded
			continue
		}
		if b, err := json.Marshal(v); err == nil || shows(string(b)) || shows(err.Error()) {
			t.Errorf("%s is encoded as JSON", name)
		}
	}
	if b, err := xml.Marshal(struct{ V message.Clear }{patient}); err == nil || shows(string(b)) {
		t.Error("Clear is encoded as XML")
	}
}

func TestClearDecodesLikeAString(t *testing.T) {
	var form map[string]message.Clear
	if err := json.Unmarshal([]byte(`{"patient":"Wilhelmina Ostrander"}`), &form); err != nil {
		t.Fatal(err)
	}
	if form["patient"].Reveal() != patient {
		t.Error("the text is not what was sent")
	}
}
