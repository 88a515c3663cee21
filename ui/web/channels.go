package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// channelForm is what one way out, or one way in for answers, is set up with.
type channelForm struct {
	id     string
	kinds  []notify.Kind // that go out by it
	hears  notify.Kind   // answers on which it listens for; "" for none
	fields []settings.Key
	secret settings.Key
}

// channelForms are the forms of the page, in its order.
var channelForms = []channelForm{
	{id: "mail", kinds: []notify.Kind{notify.KindMail}},
	{id: "replies", hears: notify.KindMail, fields: []settings.Key{settings.RepliesServer, settings.RepliesUser, settings.RepliesFolder}, secret: settings.RepliesFile},
	{id: "gateway", kinds: []notify.Kind{notify.KindSMS, notify.KindVoice}, hears: notify.KindSMS, secret: settings.GatewaySecretFile, fields: []settings.Key{
		settings.GatewayPreset, settings.GatewayAccount, settings.GatewayUser, settings.GatewayFrom, settings.GatewayFlow, settings.GatewayRegion, settings.GatewayURL,
	}},
	{id: "ntfy", kinds: []notify.Kind{notify.KindNtfy}, hears: notify.KindNtfy, fields: []settings.Key{settings.NtfyServer, settings.NtfyReplies}, secret: settings.NtfyTokenFile},
	{id: "webhook", kinds: []notify.Kind{notify.KindWebhook}, fields: []settings.Key{settings.WebhookURL}, secret: settings.WebhookKeyFile},
	{id: "ca", fields: []settings.Key{settings.ChannelsCA}},
}

type channelsView struct {
	*frame
	Channels []channelView
}

// channelView is one of them as the page shows it.
type channelView struct {
	ID, Title, How string
	Health         []healthView
	Problem        problem
	Done           string
	Fields         []channelField
	Secret         string // its label; "" for none
	Kept           bool
	Tests          []option
	Words          []option // the kinds whose words can be changed
}

type channelField struct {
	ID, Name, Label, Help, Value string
	Options                      []option // of a field that is a choice
}

// healthView says how a channel fares.
type healthView struct{ Name, Kind, Text string }

func (s *Server) channels(c echo.Context) error {
	return s.channelsPage(c, http.StatusOK, "", func(*channelView) {})
}

// channelsPage shows the channels as they are, with what one form has to say
// laid over it.
func (s *Server) channelsPage(c echo.Context, status int, id string, over func(*channelView)) error {
	f, err := s.frame(c, "channels", "channels.title")
	if err != nil {
		return err
	}
	v := channelsView{frame: f}
	err = s.view(func(tx *store.Tx) error {
		for _, form := range channelForms {
			one, err := s.channelView(tx, form)
			if err != nil {
				return err
			}
			if c.QueryParam("saved") == form.id {
				one.Done = s.words.say("saved.done")
			}
			if form.id == id {
				over(&one)
			}
			v.Channels = append(v.Channels, one)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.page(c, status, "channels", v)
}

func (s *Server) channelView(tx *store.Tx, form channelForm) (channelView, error) {
	w := s.words
	v := channelView{ID: form.id, Title: w.say("channels.of." + form.id), How: w.say("channels.how." + form.id)}
	for _, key := range form.fields {
		v.Fields = append(v.Fields, s.channelField(key, settings.Get(tx, key)))
	}
	if form.secret != "" {
		v.Secret, v.Kept = w.say("channels.field."+string(form.secret)), s.app.HasSecret(tx, form.secret)
	}
	for _, kind := range form.kinds {
		v.Health = append(v.Health, s.sendingHealth(tx, kind))
		v.Words = append(v.Words, option{Value: string(kind), Label: w.say("channels.words", w.say("channels.kind."+string(kind)))})
		if err := s.testsOf(tx, &v, kind); err != nil {
			return v, err
		}
	}
	if form.hears != "" {
		v.Health = append(v.Health, s.hearingHealth(tx, form.hears))
	}
	return v, nil
}

// channelField is a setting as the form shows it.
func (s *Server) channelField(key settings.Key, value string) channelField {
	f := channelField{ID: strings.ReplaceAll(string(key), ".", "-"), Name: string(key), Label: s.words.say("channels.field." + string(key)), Help: s.words.say("channels.help." + string(key)), Value: value}
	if key == settings.GatewayPreset {
		for _, preset := range settings.GatewayPresets() {
			f.Options = append(f.Options, option{Value: preset, Label: s.words.say("channels.preset." + preset), Chosen: preset == value})
		}
	}
	return f
}

// sendingHealth says how pages of a kind fare.
func (s *Server) sendingHealth(tx *store.Tx, kind notify.Kind) healthView {
	name := s.words.say("channels.kind." + string(kind))
	if kind == notify.KindMail {
		switch condition, why := s.app.Queue.Mail(tx, ""); condition {
		case notify.Absent:
			return healthView{name, "", sentence(why)}
		case notify.Doubtful:
			return healthView{name, "chip--urgent", sentence(why)}
		}
		return healthView{name, "chip--calm", s.words.say("channels.works")}
	}
	if why := s.app.Pages.Ready(tx, kind); why != "" {
		return healthView{name, "", sentence(why)}
	}
	h := notify.HealthOf(tx, kind, "")
	return s.health(name, h.Fails, h.LastOK, h.LastFailed, h.Why, "channels.sent")
}

// hearingHealth says how answers of a kind are heard.
func (s *Server) hearingHealth(tx *store.Tx, kind notify.Kind) healthView {
	name := s.words.say("channels.answers")
	if !s.app.Hearing.Replies(tx, kind) {
		return healthView{name, "", s.words.say("channels.unheard")}
	}
	h := notify.HeardOf(tx, kind)
	return s.health(name, h.Fails, h.LastUp, h.LastFailed, h.Why, "channels.heard")
}

func (s *Server) health(name string, fails bool, ok, failed time.Time, why, word string) healthView {
	cal := s.today()
	switch {
	case fails:
		return healthView{name, "chip--urgent", s.words.say("channels.failed", cal.when(failed).Said, sentence(why))}
	case ok.IsZero():
		return healthView{name, "chip--soon", s.words.say("channels.untried")}
	}
	return healthView{name, "chip--calm", s.words.say(word, cal.when(ok).Said)}
}

// testsOf adds who can be sent a test notice by a kind.
func (s *Server) testsOf(tx *store.Tx, v *channelView, kind notify.Kind) error {
	people, err := s.app.Access.People(tx)
	if err != nil {
		return err
	}
	for _, p := range people {
		ways, err := s.app.WaysOf(tx, p.ID)
		if err != nil {
			return err
		}
		for i, way := range ways {
			if way.Kind == kind && way.To != "" && worksMessages(p) {
				v.Tests = append(v.Tests, option{Value: string(p.ID) + "/" + itoa(i), Label: s.words.say("channels.test-to", p.Call(), way.To)})
			}
		}
	}
	return nil
}

func channelOf(c echo.Context) (channelForm, bool) {
	for _, form := range channelForms {
		if form.id == c.Param("id") {
			return form, true
		}
	}
	return channelForm{}, false
}

// setChannel keeps how a channel is set up. A secret's field left empty keeps
// the secret.
func (s *Server) setChannel(c echo.Context) error {
	form, known := channelOf(c)
	if !known {
		return errNotFound
	}
	values := map[settings.Key]string{}
	for _, key := range form.fields {
		values[key] = trimmed(c, string(key))
		if key == settings.GatewayFrom {
			values[key] = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "").Replace(values[key]) // as people write a number
		}
	}
	ctx, by := c.Request().Context(), string(sessionOf(c).Who)
	err := s.app.SetSettings(ctx, by, values)
	if secret := posted(c, "secret"); err == nil && form.secret != "" && (secret != "" || posted(c, "forget") != "") {
		err = s.app.SetSecretFile(ctx, by, form.secret, "", secret)
	}
	if err != nil {
		return s.channelsPage(c, statusOf(err), form.id, func(v *channelView) {
			v.Problem = s.explain(err)
			for i, field := range v.Fields {
				v.Fields[i] = s.channelField(settings.Key(field.Name), values[settings.Key(field.Name)])
			}
		})
	}
	return c.Redirect(http.StatusSeeOther, "/channels?saved="+form.id+"#"+form.id)
}

// testChannel sends somebody a test notice; the way is confirmed when they
// answer it.
func (s *Server) testChannel(c echo.Context) error {
	form, known := channelOf(c)
	if !known {
		return errNotFound
	}
	who, n, _ := strings.Cut(posted(c, "to"), "/")
	i, _ := strconv.Atoi(n)
	var ways []notify.Way
	var name string
	err := s.view(func(tx *store.Tx) (err error) {
		name = s.names(tx).of(message.PersonID(who))
		ways, err = s.app.WaysOf(tx, message.PersonID(who))
		return err
	})
	if err != nil {
		return err
	}
	if i < 0 || i >= len(ways) {
		return s.channelsPage(c, http.StatusUnprocessableEntity, form.id, func(v *channelView) { v.Problem = problem{Text: s.words.say("channels.nobody")} })
	}
	err = s.app.TestNotice(c.Request().Context(), string(sessionOf(c).Who), message.PersonID(who), ways[i])
	return s.channelsPage(c, statusOf(err), form.id, func(v *channelView) {
		if err != nil {
			v.Problem = s.explain(err)
			return
		}
		v.Done = s.words.say("channels.tested", name)
	})
}
