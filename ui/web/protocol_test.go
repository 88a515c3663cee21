package web_test

import (
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// step is the form of the refill script's step "who", with other words to say.
func step(say string) url.Values {
	return url.Values{"step": {"who"}, "do": {"save"}, "title": {"Who is calling?"}, "kind": {""}, "say": {say}, "fields": {"caller", "relation"}, "next": {""},
		"a1.label": {"Nobody answers"}, "a1.next": {"patient"}, "a1.to": {"same-day"}, "a1.type": {""}, "a2.label": {""}, "a2.next": {""}, "a2.to": {""}, "a2.type": {""}}
}

func TestAChangedScriptIsFollowedOnceItIsPublished(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(okafor, "", access.Provider)
	if err := p.SetOnCallByName(t.Context(), "owner", []string{"okafor"}); err != nil {
		t.Fatal(err)
	}
	c := p.SignIn(t, appliancetest.Admin)
	const words = "With whom do I have the pleasure?"
	if page := c.Post("/protocol/types/refill/script", step(words)); page.Status != http.StatusOK || !strings.Contains(page.Main(), "“"+words+"”") || !strings.Contains(page.Main(), "If “Nobody answers”: go on with 4, “Who is the patient?”. It is Same day then.") {
		t.Fatalf("changing a step answers %d\n%s", page.Status, page.Main())
	}
	if strings.Contains(c.Get("/take").Body, words) {
		t.Error("a call follows the draft")
	}
	review := c.Get("/protocol/review")
	for _, want := range []string{"Prescription refill, script", "The words to say of “Who is calling?” changed.", words, "What may be answered at “Who is calling?” is new."} {
		if !strings.Contains(review.Main(), want) {
			t.Errorf("the review does not say %q", want)
		}
	}
	stale := c.Post("/protocol/publish", url.Values{"rev": {"999"}})
	if stale.Status != http.StatusUnprocessableEntity || !strings.Contains(stale.Main(), "Somebody else changed the draft meanwhile.") {
		t.Errorf("publishing what was not reviewed answers %d", stale.Status)
	}
	faulty := c.Post("/protocol/types/refill/script", url.Values{"step": {"read-back"}, "do": {"remove"}})
	if !strings.Contains(faulty.Main(), "before the call back number was read back") {
		t.Errorf("the script without its read-back has no fault at its step\n%s", faulty.Main())
	}
	if page := c.Post("/protocol/publish", url.Values{"rev": {hidden(t, c.Get("/protocol/review"), "rev")}}); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("publishing with a fault answers %d", page.Status)
	}
	if page := c.Get("/protocol"); !strings.Contains(page.Main(), `href="/protocol/types/refill/script#step-`) {
		t.Error("the fault does not lead to its place")
	}
	c.Post("/protocol/undo", url.Values{"back": {"/protocol/types/refill/script"}})
	page := c.Post("/protocol/publish", url.Values{"rev": {hidden(t, c.Get("/protocol/review"), "rev")}, "note": {"friendlier"}})
	if page.Status != http.StatusOK || !strings.Contains(page.Main(), "Version 2 counts from now on.") || !strings.Contains(page.Main(), "friendlier") {
		t.Fatalf("publishing answers %d\n%s", page.Status, page.Main())
	}
	if !strings.Contains(c.Get("/take").Body, words) {
		t.Error("the next call does not follow it")
	}
	if old := c.Get("/protocol/versions/1"); strings.Contains(old.Main(), words) || !strings.Contains(old.Main(), "May I have your first and last name") {
		t.Error("the old version is not readable as it was")
	}
	if changed := c.Get("/protocol/versions/2"); !strings.Contains(changed.Main(), "What differs from version 1") {
		t.Error("the new version does not say what differs")
	}
	if none := c.Get("/protocol/versions/3"); none.Status != http.StatusNotFound {
		t.Errorf("a version that is not there answers %d", none.Status)
	}
}

func TestTwoWhoWriteAtOnceLoseNothing(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	first := step("first")
	first.Set("rev", "0")
	c.Post("/protocol/types/refill/script", first)
	seen := hidden(t, c.Get("/protocol/types/refill/script"), "rev")
	second := step("second")
	second.Set("rev", seen)
	c.Post("/protocol/types/refill/script", second)
	third := step("third, from a page that was opened before")
	third.Set("rev", seen)
	page := c.Post("/protocol/types/refill/script", third)
	if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Main(), "Somebody else changed the draft meanwhile.") || !strings.Contains(page.Main(), "third, from a page") {
		t.Errorf("it answers %d, or what was typed is lost\n%s", page.Status, page.Main())
	}
	if page := c.Get("/protocol/types/refill/script"); !strings.Contains(page.Main(), "“second”") {
		t.Error("the second change is lost")
	}
	if page := c.Post("/protocol/types/refill/script", first); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("a page that knew of no draft overwrites it (%d)", page.Status)
	}
	added := c.Post("/protocol/types/refill/script", url.Values{"rev": {seen}, "step": {"who"}, "do": {"add"}, "title": {"A new step"}, "say": {"New words."}})
	if !strings.Contains(added.Main(), `id="n-title-who" name="title" value="A new step"`) || !strings.Contains(added.Main(), `id="s-title-who" name="title" value="Who is calling?"`) {
		t.Error("a step that could not be added is lost, or stands in the form of another")
	}
	c.Post("/protocol/drop", nil)
	if page := c.Post("/protocol/types/refill/script", second); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("a page of a draft that is gone begins one (%d)", page.Status)
	}
}

func TestCallTypesAndFieldsAreWrittenOnTheirPages(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	added := c.Post("/protocol/types", url.Values{"do": {"add"}, "name": {"Eye exam"}, "like": {"refill"}})
	if !strings.Contains(added.Main(), `href="/protocol/types/eye-exam"`) {
		t.Fatalf("adding answers %d\n%s", added.Status, added.Main())
	}
	if used := c.Post("/protocol/types", url.Values{"do": {"remove"}, "id": {"refill"}}); used.Status != http.StatusUnprocessableEntity || !strings.Contains(used.Main(), "rule 2") {
		t.Errorf("removing what a rule names answers %d", used.Status)
	}
	about := url.Values{"name": {"Eye exam"}, "short": {"Eye"}, "key": {""}, "owner": {"everybody"}, "urgency": {"same-day"}, "due": {"6h"}, "goodbye": {"Until soon."}, "clinical": {"1"}, "who": {"caller", ""}, "what": {"medication", "dose", ""}, "joined-2": {"1"}}
	if page := c.Post("/protocol/types/eye-exam", about); page.Status != http.StatusOK || !strings.Contains(page.Main(), `value="6h"`) || !strings.Contains(page.Main(), "Until soon.") {
		t.Errorf("changing it answers %d\n%s", page.Status, page.Main())
	}
	about.Set("due", "soon")
	about.Set("goodbye", "Until very soon.")
	if page := c.Post("/protocol/types/eye-exam", about); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Main(), "30m, 4h or 2d") || !strings.Contains(page.Main(), "Until very soon.") {
		t.Errorf("a time that is none answers %d, or what was typed is lost", page.Status)
	}
	about.Set("due", "6h")
	about.Set("key", "3")
	if page := c.Post("/protocol/types/eye-exam", about); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Main(), "chooses Prescription refill already") {
		t.Errorf("a key that is taken answers %d", page.Status)
	}
	field := url.Values{"do": {"save"}, "field": {""}, "label": {"Glasses or lenses"}, "kind": {"choice"}, "ask": {"required"}, "options": {"glasses\nlenses\nlost = Lost them (same-day)"}, "why": {"They bring them."}}
	if page := c.Post("/protocol/types/eye-exam/fields", field); page.Status != http.StatusOK || !strings.Contains(page.Main(), `id="field-glasses_or_lenses"`) || !strings.Contains(page.Main(), "lost = Lost them (same-day)") {
		t.Errorf("a new field answers %d\n%s", page.Status, page.Main())
	}
	field.Set("options", "one")
	if page := c.Post("/protocol/types/eye-exam/fields", field); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Main(), "two options or more") || !strings.Contains(page.Main(), "They bring them.") {
		t.Errorf("a choice of one answers %d, or what was typed is lost", page.Status)
	}
	c.Post("/protocol/types/eye-exam/fields", url.Values{"do": {"remove"}, "field": {"medication"}})
	c.Post("/protocol/types/eye-exam/fields", url.Values{"do": {"borrow"}, "field": {"insurance"}})
	page := c.Get("/protocol/types/eye-exam")
	if strings.Contains(page.Main(), `id="field-medication"`) || !strings.Contains(page.Main(), `id="field-insurance"`) {
		t.Error("a field is not removed, or one of another type not taken over")
	}
	if none := c.Get("/protocol/types/nothing"); none.Status != http.StatusNotFound {
		t.Errorf("a call type that is not there answers %d", none.Status)
	}
}

func TestAFieldMeansTheSameInEveryCallType(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	page := c.Get("/protocol/types/refill")
	if kind := between(page.Main(), `id="field-callback"`, "</details>"); !strings.Contains(kind, `<input type="hidden" name="kind" value="phone">`) || !strings.Contains(kind, "Other kinds of call ask it too") {
		t.Errorf("the kind of a field that others ask can be chosen\n%s", kind)
	}
	if own := between(page.Main(), `id="field-days_left"`, "</details>"); !strings.Contains(own, `<select id="f-kind-days_left"`) {
		t.Errorf("the kind of its own field cannot be chosen\n%s", own)
	}
	// "Days left" is a choice of the refill; here it is made a line of text.
	field := url.Values{"do": {"save"}, "field": {""}, "label": {"Days left"}, "kind": {"text"}, "ask": {""}}
	if page := c.Post("/protocol/types/billing/fields", field); page.Status != http.StatusOK || !strings.Contains(page.Main(), `id="field-days_left_2"`) {
		t.Errorf("a field whose name is of another kind elsewhere answers %d\n%s", page.Status, page.Main())
	}
}

func TestWhatCouldNotBeKeptIsMarkedWhereItWasTyped(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	const mark = ` aria-invalid="true" aria-describedby="problem"`
	about := url.Values{"name": {"Refill"}, "short": {"Refill"}, "key": {"1"}, "urgency": {"routine"}, "due": {"1d"}, "goodbye": {"Bye."}}
	for _, one := range []struct {
		name, path string
		form       url.Values
		input      string
	}{
		{"a key that is taken", "/protocol/types/refill", about, `name="key"`},
		{"a choice of one answer", "/protocol/types/refill/fields", url.Values{"do": {"save"}, "field": {"days_left"}, "label": {"Days left"}, "kind": {"choice"}, "ask": {""}, "options": {"one"}}, `id="f-options-days_left" name="options"`},
		{"a new field of too many characters", "/protocol/types/refill/fields", url.Values{"do": {"save"}, "field": {""}, "label": {"Left over"}, "kind": {"text"}, "ask": {""}, "limit": {"99999"}}, `id="f-limit-" name="limit"`},
		{"a step without a title", "/protocol/types/refill/script", url.Values{"do": {"save"}, "step": {"who"}, "say": {"Hello"}}, `id="s-title-who" name="title"`},
		{"a new step without a title", "/protocol/types/refill/script", url.Values{"do": {"add"}, "step": {"who"}, "say": {"Hello"}}, `id="n-title-who" name="title"`},
		{"a red flag without words", "/protocol/flags", url.Values{"do": {"add"}, "name": {"Cold hands"}, "urgency": {"urgent"}}, `class="tall" name="words"`},
		{"a time that nobody answers", "/protocol/coverage/new", url.Values{"name": {"Siesta"}, "when": {"week"}, "h1.days": {"mon"}, "h1.from": {"12:00"}, "h1.to": {"13:00"}}, `id="answers" name="answers"`},
	} {
		page := c.Post(one.path, one.form)
		if page.Status != http.StatusUnprocessableEntity || strings.Count(page.Main(), mark) != 1 || !strings.Contains(page.Main(), one.input+mark) || !strings.Contains(page.Main(), `<div id="problem">`) {
			t.Errorf("%s answers %d and marks %d inputs\n%s", one.name, page.Status, strings.Count(page.Main(), mark), page.Main())
		}
	}
}

func TestAProtocolIsImportedAndShared(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	if page := c.Post("/protocol/start", url.Values{"shipped": {"dental"}}); page.Status != http.StatusOK || !strings.Contains(page.Main(), "Its title changed.") {
		t.Errorf("starting from another answers %d", page.Status)
	}
	if file := c.Get("/protocol/file?version=draft"); file.Status != http.StatusOK || !strings.HasPrefix(file.Body, "title: Dental office\n") {
		t.Errorf("the draft as a file answers %d", file.Status)
	}
	if file := c.Get("/protocol/file?version=1"); !strings.HasPrefix(file.Body, "title: Primary-care office\n") {
		t.Error("the version as a file is another")
	}
	if file := c.Get("/protocol/file?version=9"); file.Status != http.StatusNotFound {
		t.Errorf("a version that is not there answers %d", file.Status)
	}
	status, main := upload(t, c, "/protocol/import", "ours.yaml", "# why\ntitle: Ours\nreview_every_days: 90\ncall_typos: []\n", nil)
	if status != http.StatusUnprocessableEntity || !strings.Contains(main, "line 4: &#34;call_typos&#34; is nothing") {
		t.Errorf("a file that is no protocol answers %d\n%s", status, main)
	}
	file := "# why it is so\n" + c.Get("/protocol/file?version=1").Body
	if status, main := upload(t, c, "/protocol/import", "ours.yaml", file, nil); status != http.StatusOK || !strings.Contains(main, "The comments of the file are not kept.") {
		t.Errorf("importing answers %d\n%s", status, main)
	}
	c.Post("/protocol/drop", nil)
	if page := c.Get("/protocol/review"); !strings.Contains(page.Main(), "There is no draft.") {
		t.Error("the draft that was given up is there")
	}
}

func TestWhatWouldHappenIsShownToWhoeverSeesTheDesk(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(ana, "", access.CallTaker)
	c := p.SignIn(t, ana)
	page := c.Get("/protocol/explain?type=urgent&at=2026-11-01T01:30")
	if page.Status != http.StatusOK || strings.Count(page.Main(), "Urgent clinical call, Urgent, on Sunday, November 1 2026 at 1:30 am") != 2 {
		t.Errorf("the hour that occurs twice answers %d\n%s", page.Status, page.Main())
	}
	if strings.Contains(page.Main(), "By the draft") {
		t.Error("a call taker may ask by the draft")
	}
	if page := c.Get("/protocol/explain?type=urgent&at=never"); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("a time that is none answers %d", page.Status)
	}
	if page := c.Get("/protocol"); page.Status != http.StatusForbidden {
		t.Errorf("a call taker writes the protocol (%d)", page.Status)
	}
}

func TestRedFlagsAreWrittenAndTriedOnTheirPages(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	tried := c.Post("/protocol/flags", url.Values{"do": {"try"}, "sentence": {"he has chest pian"}})
	if !strings.Contains(tried.Main(), "<b>Chest pain</b>: “chest pian”") {
		t.Errorf("trying a sentence answers %d\n%s", tried.Status, tried.Main())
	}
	flag := url.Values{"name": {"Gerbil bite"}, "urgency": {"urgent"}, "ask": {"When?"}, "words": {"gerbil + nibbl*\n\n hamster"}, "types": {"urgent", "other"}, "younger": {"0"}}
	if page := c.Post("/protocol/flags", flag); page.Status != http.StatusOK || !strings.Contains(page.Main(), `href="/protocol/flags/gerbil-bite"`) {
		t.Fatalf("a new flag answers %d\n%s", page.Status, page.Main())
	}
	if tried := c.Post("/protocol/flags", url.Values{"do": {"try"}, "sentence": {"nibbled by a gerbil"}}); !strings.Contains(tried.Main(), "It raises none.") {
		t.Error("a flag of some call types is raised in one that is none of them")
	}
	flag.Del("types")
	if page := c.Post("/protocol/flags/gerbil-bite", flag); page.Status != http.StatusOK || !strings.Contains(page.Main(), "gerbil &#43; nibbl*\nhamster") {
		t.Errorf("changing it answers %d\n%s", page.Status, page.Main())
	}
	if tried := c.Post("/protocol/flags", url.Values{"do": {"try"}, "sentence": {"nibbled by a gerbil"}}); !strings.Contains(tried.Main(), "<b>Gerbil bite</b>") {
		t.Error("its words raise nothing")
	}
	flag.Set("words", "")
	if page := c.Post("/protocol/flags/gerbil-bite", flag); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Main(), `value="Gerbil bite"`) {
		t.Errorf("a flag without words answers %d, or what was typed is lost", page.Status)
	}
	if page := c.Post("/protocol/flags", url.Values{"do": {"remove"}, "id": {"gerbil-bite"}}); strings.Contains(page.Main(), "Gerbil bite") {
		t.Error("it is not removed")
	}
}

func TestRulesAndTeamsAreWrittenOnTheirPages(t *testing.T) {
	p := appliancetest.Start(t)
	doctor := p.AddPerson(okafor, "", access.Provider)
	if err := p.SetOnCallByName(t.Context(), "owner", []string{"okafor"}); err != nil {
		t.Fatal(err)
	}
	c := p.SignIn(t, appliancetest.Admin)
	c.Post("/protocol/routes", url.Values{"do": {"team"}, "name": {"Refill nurses"}})
	rule := url.Values{"types": {"refill"}, "windows": {"open"}, "providers": {"Dr. Okafor\n"}, "to": {"team/refill-nurses"}, "due": {"3 h"}}
	page := c.Post("/protocol/routes/new", rule)
	if page.Status != http.StatusOK || !strings.Contains(page.Main(), "Prescription refill for Dr. Okafor, when it is Open: to the team Refill nurses, within 3 hours.") || !strings.Contains(page.Main(), "in which nobody works messages") {
		t.Fatalf("a new rule answers %d\n%s", page.Status, page.Main())
	}
	if page := c.Post("/protocol/routes", url.Values{"do": {"no-team"}, "team": {"refill-nurses"}}); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Main(), "rule 3") {
		t.Errorf("removing a team that a rule names answers %d", page.Status)
	}
	c.Post("/people/"+string(doctor), url.Values{"full_name": {""}, "name": {"okafor"}, "roles": {"provider"}, "in_teams": {"1"}, "teams": {"refill-nurses"}})
	page = c.Get("/protocol/routes")
	if strings.Contains(page.Main(), "nobody works messages") {
		t.Error("somebody is in the team, and the rule has a fault still")
	}
	order := strings.Index(page.Main(), "Every other call: to everybody.")
	if order < strings.Index(page.Main(), "Refill nurses, within") {
		t.Error("the rule for every other call is not the last")
	}
	c.Post("/protocol/routes/everything-else", url.Values{"types": {"refill"}, "to": {"person"}, "person": {string(doctor)}})
	if page := c.Get("/protocol/routes"); !strings.Contains(page.Main(), "Every other call: to okafor.") {
		t.Errorf("where every other call goes is not changed\n%s", page.Main())
	}
	c.Post("/protocol/routes", url.Values{"do": {"remove"}, "id": {"everything-else"}})
	if page := c.Get("/protocol/routes"); !strings.Contains(page.Main(), "Every other call: to okafor.") {
		t.Error("the rule for every other call is removed")
	}
	rule.Set("due", "soon")
	if page := c.Post("/protocol/routes/new", rule); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Main(), "30m, 4h or 2d") || !strings.Contains(page.Main(), "Dr. Okafor") {
		t.Errorf("a time that is none answers %d, or what was typed is lost", page.Status)
	}
	if page := c.Get("/protocol/routes/nothing"); page.Status != http.StatusNotFound {
		t.Errorf("a rule that is not there answers %d", page.Status)
	}
}

func TestATimeOfTheWeekThatIsNoneIsRefused(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	lunch := url.Values{"when": {"week"}, "name": {"Lunch"}, "answers": {"overflow desk"}, "h1.days": {"mon", "tue"}, "h1.from": {"noon"}, "h1.to": {"13:00"}}
	if page := c.Post("/protocol/coverage/lunch", lunch); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Main(), "A time of day is written as 08:00") || !strings.Contains(page.Main(), `value="noon"`) {
		t.Errorf("it answers %d, or what was typed is lost", page.Status)
	}
	for _, name := range []string{"New Year", "New"} {
		one := url.Values{"when": {"dates"}, "name": {name}, "answers": {"the covering practice"}, "from": {"2027-01-01"}, "to": {"2027-01-02"}}
		added := c.Post("/protocol/coverage/new", one)
		_, rest, _ := strings.Cut(added.Main(), `>Change <span class="vh">`+name+`</span>`)
		before := strings.TrimSuffix(added.Main(), rest)
		id := before[strings.LastIndex(before, `href="/protocol/coverage/`)+len(`href="/protocol/coverage/`):]
		id, _, _ = strings.Cut(id, `"`)
		one.Set("answers", "somebody else")
		if page := c.Post("/protocol/coverage/"+id, one); page.Status != http.StatusOK || !strings.Contains(page.Main(), "somebody else") || strings.Contains(page.Main(), "the covering practice") {
			t.Errorf("%q cannot be changed at %q: %d", name, id, page.Status)
		}
		c.Post("/protocol/coverage", url.Values{"id": {id}, "do": {"remove"}})
	}
}

func TestAPracticeCallSavesNothing(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	c.Post("/protocol/types/refill/script", step("Who may I say is calling?"))
	page := c.Get("/protocol/practice")
	if !strings.Contains(page.Body, "Who may I say is calling?") || !strings.Contains(page.Body, "Practice call: nothing is saved.") || strings.Contains(page.Body, "data-draft") {
		t.Fatalf("the practice call answers %d", page.Status)
	}
	for _, path := range []string{"/take", "/protocol/practice"} {
		if page := c.Get(path); !strings.Contains(page.Body, "</svg>"+html.EscapeString(p.Practice().Name)+"</a>") {
			t.Errorf("%s does not name the practice", path)
		}
	}
	if !strings.Contains(page.Body, "It goes by the draft.") || !strings.Contains(page.Body, "<h1>Practice call</h1>") || strings.Contains(page.Body, "Sealed the moment you save") {
		t.Errorf("it does not say what it is\n%s", page.Body)
	}
	now := c.Get("/protocol/practice?by=counts")
	if strings.Contains(now.Body, "Who may I say is calling?") || !strings.Contains(now.Body, "It goes by what counts now.") || hidden(t, now, "protocol") != "1" {
		t.Errorf("a practice call by what counts goes by protocol %q", hidden(t, now, "protocol"))
	}
	call := url.Values{"type": {"other"}, "protocol": {"1"}, "key": {hidden(t, page, "key")}, "f.caller": {"Nobody"}, "f.callback": {"503 555 0155"}, "f.reason": {"practice"}}
	if done := c.Post("/protocol/practice", call); !strings.Contains(done.Main(), "Nothing was saved, and nobody was rung.") || !strings.Contains(done.Main(), `href="/protocol/practice?by=counts"`) {
		t.Errorf("its end answers %d\n%s", done.Status, done.Main())
	}
	call = url.Values{"type": {"other"}, "protocol": {"draft"}, "key": {hidden(t, page, "key")}, "f.caller": {"Nobody"}, "f.callback": {"503 555 0155"}, "f.reason": {"practice"}}
	done := c.Post("/protocol/practice", call)
	if done.Status != http.StatusOK || !strings.Contains(done.Main(), "Nothing was saved, and nobody was rung.") || !strings.Contains(done.Main(), "Everybody") {
		t.Errorf("its end answers %d\n%s", done.Status, done.Main())
	}
	call.Set("flags", `[{"id":"chest-pain","answer":"raised"}]`)
	call.Set("script", `[{"s":"refill.who","t":1}]`)
	if done := c.Post("/protocol/practice", call); !strings.Contains(done.Main(), "<p>Urgent</p>") || !strings.Contains(done.Main(), "<b>Who is calling?</b>") {
		t.Errorf("a red flag that is real, and a script that was left, come to\n%s", done.Main())
	}
	call.Del("f.reason")
	if page := c.Post("/protocol/practice", call); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, "is missing") {
		t.Errorf("what is missing answers %d", page.Status)
	}
	call.Set("f.reason", "practice")
	if page := c.Post("/messages", call); page.Status != http.StatusBadRequest {
		t.Errorf("a practice call is saved (%d)", page.Status)
	}
	if list := c.Get("/inbox"); strings.Contains(list.Main(), "N-1001") {
		t.Error("a message was taken")
	}
}

func TestACallOnTheLineKeepsItsVersion(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(okafor, "", access.Provider)
	if err := p.SetOnCallByName(t.Context(), "owner", []string{"okafor"}); err != nil {
		t.Fatal(err)
	}
	c := p.SignIn(t, appliancetest.Admin)
	publish := func(change func(*protocol.Type)) {
		t.Helper()
		err := p.EditProtocol(t.Context(), "owner", 0, func(d *protocol.Protocol) error {
			for i := range d.Types {
				if d.Types[i].ID == message.TypeRefill {
					change(&d.Types[i])
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.PublishProtocol(t.Context(), "owner", "", 0); err != nil {
			t.Fatal(err)
		}
	}
	publish(func(r *protocol.Type) {
		r.Fields = append(r.Fields, protocol.Field{Name: "parking", Label: "Where the car is", Kind: protocol.Text})
	})
	form := refill("Priya Raman")
	open := c.Get("/take?type=refill")
	form.Set("key", hidden(t, open, "key"))
	form.Set("protocol", hidden(t, open, "protocol"))
	form.Set("f.parking", "behind the house")
	publish(func(r *protocol.Type) {
		r.Fields = slices.DeleteFunc(r.Fields, func(f protocol.Field) bool { return f.Name == "parking" })
	})
	saved := c.Post("/messages", form)
	id, ok := strings.CutPrefix(saved.At.Path, "/take/saved/")
	if !ok {
		t.Fatalf("a call that began before version 3 is not saved: %d\n%s", saved.Status, saved.Main())
	}
	if page := c.Get("/messages/" + id).Main(); !strings.Contains(page, "Where the car is") || !strings.Contains(page, "behind the house") {
		t.Errorf("its page is not that of version 2:\n%s", page)
	}
	all, err := p.Envelopes(0)
	if err != nil || len(all) != 1 || all[0].Protocol != 2 {
		t.Errorf("the message is %+v (%v)", all, err)
	}
	if next := c.Get("/take?type=refill"); hidden(t, next, "protocol") != "3" || strings.Contains(next.Body, "Where the car is") {
		t.Error("the next call does not follow version 3")
	}
}

// between answers what stands from a text on, up to another.
func between(s, from, to string) string {
	_, after, _ := strings.Cut(s, from)
	part, _, _ := strings.Cut(after, to)
	return part
}
