package cli

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"nightbell/appliance/relay"
	"nightbell/watch"
)

// watching is how a watch was asked for.
type watching struct {
	to         []string
	ca, config string
	every      time.Duration
	after      int
	state      string
	once, test bool
	tokenFile  string

	mail         relay.DirectOptions
	passwordFile string
}

func newWatch(e *env) *cobra.Command {
	var a watching
	c := &cobra.Command{
		Use: "watch https://HOST[:PORT]", Short: "Look after an appliance from another machine, and raise the alarm", Args: cobra.ExactArgs(1),
		Long: "Ask an appliance every half minute whether it takes and rings calls, from any other machine, and raise the\n" +
			"alarm by channels of its own when it does not answer, when its bell stands still, or when an urgent call has\n" +
			"used up everybody. It goes on until it is stopped. docs/watch.md says how to set it up.",
		RunE: func(c *cobra.Command, words []string) error {
			if err := a.readConfig(c); err != nil {
				return usageError{err}
			}
			return e.watch(c, words[0], a)
		},
	}
	a.flags(c)
	return c
}

func (a *watching) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVar(&a.to, "to", nil, "where to raise the alarm: https://… (a webhook), ntfy+https://HOST/TOPIC, or a mail address; again for more")
	f.StringVar(&a.ca, "ca", "", "PEM file of the authority that vouches for the appliance (its ca.pem); the system's are believed too")
	f.StringVar(&a.config, "config", "", "JSON file with these flags by their names; a flag goes before it")
	f.DurationVar(&a.every, "every", 30*time.Second, "time between two looks")
	f.IntVar(&a.after, "after", 3, "looks in a row that have to fail before it is an alarm")
	f.StringVar(&a.state, "state", "", "file that remembers what was seen, so that a restart knows how long nobody watched")
	f.BoolVar(&a.once, "once", false, "look once, say what is seen, and end with exit code 3 if something is wrong")
	f.BoolVar(&a.test, "test", false, "send a test notice everywhere, and end")
	f.StringVar(&a.tokenFile, "token-file", "", "file with a token that webhooks and ntfy want as a bearer")
	f.StringVar(&a.mail.Smarthost, "smarthost", "", "mail server that takes the mail: smtps://HOST:PORT or smtp+starttls://HOST:PORT")
	f.StringVar(&a.mail.CA, "mail-ca", "", "PEM file of the mail server's own authority, where it has one")
	f.StringVar(&a.mail.From, "from", "", "address that the mail comes from")
	f.StringVar(&a.mail.User, "user", "", "user name at the mail server")
	f.StringVar(&a.passwordFile, "password-file", "", "file with the password at the mail server")
}

// readConfig takes from the file what no flag said.
func (a *watching) readConfig(c *cobra.Command) error {
	if a.config == "" {
		return nil
	}
	raw, err := readSecretFile(a.config)
	if err != nil {
		return err
	}
	var values map[string]any
	if err := json.Unmarshal(raw, &values); err != nil {
		return fmt.Errorf("%s is not JSON: %w", a.config, err)
	}
	for name, value := range values {
		f := c.Flags().Lookup(name)
		if f == nil || name == "config" {
			return fmt.Errorf("%s: there is no %q; the names are those of the flags", a.config, name)
		}
		if f.Changed {
			continue
		}
		list, many := value.([]any)
		if !many {
			list = []any{value}
		}
		for _, one := range list {
			if err := c.Flags().Set(name, fmt.Sprint(one)); err != nil {
				return fmt.Errorf("%s: %q: %w", a.config, name, err)
			}
		}
	}
	return nil
}

func (e *env) watch(c *cobra.Command, at string, a watching) error {
	o, err := e.watchOptions(at, a)
	if err != nil {
		return err
	}
	w, err := watch.New(o)
	if err != nil {
		return usageError{err}
	}
	switch {
	case a.test:
		return e.testVoices(c, o.Voices)
	case a.once:
		return e.lookOnce(c, w)
	case len(o.Voices) == 0:
		return usageError{errors.New("say where the alarm is to be raised: --to")}
	}
	return w.Run(c.Context())
}

func (e *env) watchOptions(at string, a watching) (o watch.Options, err error) {
	roots, err := authorities(a.ca)
	if err != nil {
		return o, err
	}
	ways := watch.Ways{Client: watch.NewClient(roots), Mail: a.mail}
	if a.tokenFile != "" {
		b, err := readSecretFile(a.tokenFile)
		if err != nil {
			return o, err
		}
		ways.Token = firstLine(b)
	}
	if a.passwordFile != "" {
		if ways.Mail.Password, err = e.password(a.passwordFile, ""); err != nil {
			return o, err
		}
	}
	o = watch.Options{URL: at, Client: ways.Client, Every: a.every, After: a.after, State: a.state, Tell: e.sayNotice,
		Warn: func(voice, why string) { fmt.Fprintf(e.errs, "nightbell: %s was not reached: %s\n", voice, why) }}
	for _, to := range a.to {
		v, err := watch.NewVoice(to, ways)
		if err != nil {
			return o, usageError{err}
		}
		o.Voices = append(o.Voices, v)
	}
	if a.every < time.Second || a.after < 1 {
		return o, usageError{errors.New("--every is a second at least, and --after one look")}
	}
	return o, nil
}

// authorities are the system's, and that of a file.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	b, err := readSecretFile(file)
	if err != nil {
		return nil, err
	}
	if !pool.AppendCertsFromPEM(b) {
		return nil, &remoteError{file + " holds no certificate", "give the appliance's ca.pem"}
	}
	return pool, nil
}

func (e *env) sayNotice(n watch.Notice) {
	_ = e.object(n, func() { e.say("%s %s: %s", n.At.Local().Format("2006-01-02 15:04:05"), n.What, n.Text) }) // there is nobody else to tell
}

func (e *env) lookOnce(c *cobra.Command, w *watch.Watch) error {
	trouble, text := w.Look(c.Context())
	if trouble != "" {
		return checkFailed{errors.New(text)}
	}
	return e.object(map[string]string{"text": text}, func() { e.say("%s", text) })
}

// testVoices sends a notice everywhere and says where it arrived: who sets up a
// watch has to see the alarm once.
func (e *env) testVoices(c *cobra.Command, voices []watch.Voice) error {
	if len(voices) == 0 {
		return usageError{errors.New("say where the test is to go: --to")}
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	failed := 0
	for _, v := range voices {
		n := watch.Notice{What: watch.Note, Host: host, At: time.Now(), Text: "This is a test of nightbell watch on " + host + ". Its alarms come this way."}
		if err := v.Say(c.Context(), n); err != nil {
			fmt.Fprintf(e.errs, "nightbell: %s was not reached: %v\n", v, err)
			failed++
			continue
		}
		e.say("Sent: %s. Look whether it arrived.", v)
	}
	if failed > 0 {
		return &remoteError{fmt.Sprintf("%d of %d could not be reached", failed, len(voices)), "mend them: an alarm would not arrive either"}
	}
	return nil
}
