package relay_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/appliance/message"
	"nightbell/appliance/relay"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

const (
	canaryText    = "canary-content 555-0100"
	canaryAddress = "canary-address@elsewhere.example"
)

// someMessage puts a message into the store, to be sent.
func (o *office) someMessage() message.Envelope {
	o.t.Helper()
	id := newID(o.t)
	pack, err := o.vault.SealRecord(o.t.Context(), message.Record{Message: id, Kind: message.PartRecord, Text: canaryText})
	if err != nil {
		o.t.Fatal(err)
	}
	env := message.Envelope{ID: id, Number: 1042, ReceivedAt: o.clock.Now().UTC(), Channel: message.ChannelDesk, CallType: message.TypeNew,
		Status: message.New, Team: message.Everybody, Parts: []message.Part{pack.Part}}
	o.update(func(tx *store.Tx) error { return errors.Join(vault.PutPack(tx, pack), store.PutEnvelope(tx, env)) })
	return env
}

// post seals a letter and puts it into the queue.
func (o *office) post(env message.Envelope, to access.Person, content message.Clear) {
	o.t.Helper()
	enqueue, err := o.queue.Prepare(o.t.Context(), relay.Letter{Message: env.ID, Number: env.Number, To: to, Content: content})
	if err != nil {
		o.t.Fatal(err)
	}
	o.update(func(tx *store.Tx) error { return enqueue(tx, o.clock.Now()) })
}

// attachment answers a mail's note and its attachment.
func attachment(t *testing.T, data []byte) (note, name string, file []byte) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	text, err := parts.NextPart() // decodes quoted-printable
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(text)
	if err != nil {
		t.Fatal(err)
	}
	attached, err := parts.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	file, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, attached))
	if err != nil {
		t.Fatal(err)
	}
	return string(b), attached.FileName(), file
}

func unseal(t *testing.T, file []byte, with age.Identity) string {
	t.Helper()
	r, err := age.Decrypt(bytes.NewReader(file), with)
	if err != nil {
		t.Fatal(err)
	}
	clear, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(clear)
}

func hybridKey(t *testing.T) *age.HybridIdentity {
	t.Helper()
	key, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestALetterIsOpenedByWhomItIsFor(t *testing.T) {
	hybrid := hybridKey(t)
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	large := strings.Repeat(canaryText+"\n", 5000)
	for _, c := range []struct {
		name      string
		key       age.Identity
		recipient string
		content   string
	}{
		{"by a hybrid key", hybrid, hybrid.Recipient().String(), canaryText},
		{"by a classic key", classic, classic.Recipient().String(), canaryText},
		{"when it is large", hybrid, hybrid.Recipient().String(), large},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, host := newOffice(t), startHost(t, smarthost.Options{})
			o.use(host)
			env := o.someMessage()
			o.post(env, access.Person{ID: "p7", Mail: canaryAddress, AgeRecipient: c.recipient}, message.Clear(c.content))
			if list := o.entries(); len(list) != 1 || list[0].Kind != relay.KindSecure || list[0].ToDomain != "" {
				t.Fatalf("the queue has %+v", list)
			}
			o.run()
			got := receive(t, host, 1)[0]
			o.until("an empty queue", empty)
			if len(got.To) != 1 || got.To[0] != canaryAddress {
				t.Errorf("it went to %q", got.To)
			}
			note, name, file := attachment(t, got.Data)
			if name != "N-1042.age" || !strings.Contains(note, "age -d -i YOUR-KEY-FILE N-1042.age") || strings.Count(strings.TrimSpace(note), "\n") != 1 {
				t.Errorf("attached as %q with the note %q", name, note)
			}
			if unseal(t, file, c.key) != c.content {
				t.Error("what was opened is not what was sent")
			}
			if bytes.Contains(got.Data, []byte("canary-content")) {
				t.Error("the content stands in the mail in the clear")
			}
			if blobs, _ := filepath.Glob(filepath.Join(o.dir, "blobs", "*", "*")); len(blobs) != 0 {
				t.Errorf("left behind: %q", blobs)
			}
			o.timelineEnds(env.ID, message.EventDelivered)
		})
	}
}

// timelineEnds checks the last event of a message.
func (o *office) timelineEnds(id message.ID, want message.EventKind) {
	o.t.Helper()
	err := o.store.View(func(tx *store.Tx) error {
		events, err := store.Events(tx, id)
		if err == nil && (len(events) == 0 || events[len(events)-1].What != want || events[len(events)-1].Whom != "p7") {
			o.t.Errorf("the timeline is %+v, want %q at its end", events, want)
		}
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

func TestALetterWaitsWhileLockedAndItsAddressIsSealed(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	o.use(host)
	env, key := o.someMessage(), hybridKey(t)
	o.post(env, access.Person{ID: "p7", Mail: canaryAddress, AgeRecipient: key.Recipient().String()}, canaryText)
	o.restart()
	end := o.run()
	e := o.until("a reason", explained)[0]
	if !strings.Contains(e.Why, "locked") || e.State != relay.StateWaiting || !e.NextAt.IsZero() {
		t.Errorf("the queue has %+v", e)
	}
	if host.Attempts() != 0 {
		t.Error("the smarthost was spoken to")
	}
	o.noCanaryOnDisk()

	if err := o.vault.Unlock(t.Context(), o.kit.Identity); err != nil {
		t.Fatal(err)
	}
	receive(t, host, 1)
	o.until("an empty queue", empty)
	end()
	o.noCanaryOnDisk()
}

// noCanaryOnDisk looks through the data folder.
func (o *office) noCanaryOnDisk() {
	o.t.Helper()
	err := filepath.WalkDir(o.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, form := range []string{"canary", "Y2FuYXJ5", "NhbmFye", "jYW5hcn"} {
			if bytes.Contains(b, []byte(form)) {
				o.t.Errorf("%s holds a canary as %q", d.Name(), form)
			}
		}
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

func TestALetterThatIsRefusedIsKeptAndSaysWhyWithoutTheAddress(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	host.Do(smarthost.Permanent) // its answer quotes the address
	o.use(host)
	env, key := o.someMessage(), hybridKey(t)
	o.post(env, access.Person{ID: "p7", Mail: canaryAddress, AgeRecipient: key.Recipient().String()}, canaryText)
	end := o.run()
	e := o.until("an attempt", tried(1))[0]
	if e.State != relay.StateRefused || !strings.Contains(e.Why, "does not know the address") {
		t.Errorf("the queue has %+v", e)
	}
	o.timelineEnds(env.ID, message.EventFailed)
	end()
	o.noCanaryOnDisk()
}

func TestALetterOfAMessageThatIsGoneIsNotSent(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	o.use(host)
	env, key := o.someMessage(), hybridKey(t)
	o.post(env, access.Person{ID: "p7", Mail: canaryAddress, AgeRecipient: key.Recipient().String()}, canaryText)
	o.update(func(tx *store.Tx) error { return store.DeleteEnvelope(tx, env.ID) })
	o.run()
	o.until("an empty queue", empty)
	if host.Attempts() != 0 {
		t.Error("the smarthost was spoken to")
	}
}

func TestALetterWhoseKeyFileIsMissingIsTriedAgain(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	o.use(host)
	env, key := o.someMessage(), hybridKey(t)
	o.post(env, access.Person{ID: "p7", Mail: canaryAddress, AgeRecipient: key.Recipient().String()}, canaryText)
	o.restart()
	epochs, away := filepath.Join(o.dir, "epochs"), filepath.Join(o.dir, "away")
	if err := os.Rename(epochs, away); err != nil {
		t.Fatal(err)
	}
	if err := o.vault.Unlock(t.Context(), o.kit.Identity); err != nil {
		t.Fatal(err)
	}
	o.run()
	if e := o.until("an attempt", tried(1))[0]; e.State != relay.StateWaiting || e.NextAt.IsZero() {
		t.Fatalf("the queue has %+v", e)
	}
	if err := os.Rename(away, epochs); err != nil {
		t.Fatal(err)
	}
	o.turn(time.Minute)
	receive(t, host, 1)
	o.until("an empty queue", empty)
}

func TestALetterWhoseContentCannotBeReadToItsEndIsTriedAgain(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	o.use(host)
	env, key := o.someMessage(), hybridKey(t)
	o.post(env, access.Person{ID: "p7", Mail: canaryAddress, AgeRecipient: key.Recipient().String()}, message.Clear(strings.Repeat("x", message.InlineLimit+1)))
	blobs, err := filepath.Glob(filepath.Join(o.dir, "blobs", "*", "*"))
	if err != nil || len(blobs) != 1 {
		t.Fatalf("the blobs are %q, %v", blobs, err)
	}
	away := filepath.Join(o.dir, "away")
	if err := os.Rename(blobs[0], away); err != nil {
		t.Fatal(err)
	}
	// A folder opens as a file does, and fails at the first read.
	if err := os.Mkdir(blobs[0], 0o700); err != nil {
		t.Fatal(err)
	}
	o.run()
	if e := o.until("an attempt", tried(1))[0]; e.State != relay.StateWaiting || e.NextAt.IsZero() {
		t.Fatalf("the queue has %+v", e)
	}
	if host.Attempts() == 0 {
		t.Error("it failed before the letter was begun")
	}
	if err := errors.Join(os.Remove(blobs[0]), os.Rename(away, blobs[0])); err != nil {
		t.Fatal(err)
	}
	o.turn(time.Minute)
	receive(t, host, 1)
	o.until("an empty queue", empty)
}

func TestALetterNeedsAKeyAndAnAddress(t *testing.T) {
	o := newOffice(t)
	env := o.someMessage()
	key := hybridKey(t)
	good := access.Person{ID: "p7", Mail: canaryAddress, AgeRecipient: key.Recipient().String()}
	for _, c := range []struct {
		name  string
		spoil func(*access.Person)
		why   string
	}{
		{"nobody's key is on file", func(p *access.Person) { p.AgeRecipient = "" }, "no age key is on file"},
		{"the key cannot be read", func(p *access.Person) { p.AgeRecipient = "age1garbage" }, "cannot be read"},
		{"a secret key stands where the public one belongs", func(p *access.Person) { p.AgeRecipient = key.String() }, "cannot be read"},
		{"no address is on file", func(p *access.Person) { p.Mail = "" }, "no mail address is on file"},
		{"the person was switched off", func(p *access.Person) { p.Disabled = true }, "switched off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := good
			c.spoil(&p)
			_, err := o.queue.Prepare(t.Context(), relay.Letter{Message: env.ID, Number: env.Number, To: p, Content: canaryText})
			var cannot *relay.CannotSeal
			if !errors.As(err, &cannot) || !strings.Contains(cannot.Why, c.why) || cannot.Do == "" || strings.Contains(err.Error(), "canary") {
				t.Errorf("the answer is %v", err)
			}
			if len(o.entries()) != 0 {
				t.Error("something is queued")
			}
		})
	}
}

func TestTheBlobOfAWaitingLetterIsNamed(t *testing.T) {
	o := newOffice(t)
	env, key := o.someMessage(), hybridKey(t)
	o.post(env, access.Person{ID: "p7", Mail: canaryAddress, AgeRecipient: key.Recipient().String()}, message.Clear(strings.Repeat("x", message.InlineLimit+1)))
	id := o.entries()[0].ID
	err := o.store.View(func(tx *store.Tx) error {
		if !relay.NamesBlob(tx, id) || relay.NamesBlob(tx, newID(t)) {
			t.Error("a sweep would take the wrong blob")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAMailIsWellFormed(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	o.use(host)
	o.run()
	m := o.notice(true)
	m.Subject = "Urgent\r\nBcc: everybody@example.com\r\n call – N-1042"
	m.Text = "one\n.\n..two\r\nthree \rfour\n" + strings.Repeat("ä", 100) + "\nFrom here"
	o.enqueue(m)
	data := receive(t, host, 1)[0].Data
	for _, line := range bytes.SplitAfter(data, []byte("\n")) {
		if len(line) > 0 && !bytes.HasSuffix(line, []byte("\r\n")) || bytes.Count(line, []byte("\r")) > 1 || len(line) > 100 {
			t.Errorf("a line is %q", line)
		}
	}
	got, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{
		"From": "<bell@practice.example>", "To": "<doctor@hospital.example>", "Bcc": "", "Auto-Submitted": "auto-generated",
		"Message-Id": "<" + string(m.ID) + "@practice.example>", "Date": m.At.Format(time.RFC1123Z), "Mime-Version": "1.0",
	} {
		if have := got.Header.Get(field); have != want {
			t.Errorf("%s is %q, want %q", field, have, want)
		}
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	if err != nil || subject != "Urgent Bcc: everybody@example.com call – N-1042" {
		t.Errorf("the subject is %q", subject)
	}
	text := relay.ParseMail(data, "", nil).Text.Reveal()
	if want := "one\n.\n..two\nthree \nfour\n" + strings.Repeat("ä", 100) + "\nFrom here"; strings.TrimRight(text, "\n") != want {
		t.Errorf("the text is %q", text)
	}
}
