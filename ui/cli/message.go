package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nightbell/appliance"
	"nightbell/appliance/message"
)

func newMessage(e *env) *cobra.Command {
	group := &cobra.Command{Use: "message", Short: "Messages: envelopes for everybody, contents for those who may read"}
	group.AddCommand(newMessageList(e), newMessageShow(e), newMessageExport(e))
	return group
}

// opener is what a command was given to open sealed things with. It opens them
// for that command alone.
type opener struct{ user, passwordFile, identity string }

func (o *opener) flags(c *cobra.Command) {
	c.Flags().StringVar(&o.user, "user", "", "name of somebody who reads, with --password-file")
	c.Flags().StringVar(&o.passwordFile, "password-file", "", "file with that person's password (- for standard input)")
	c.Flags().StringVar(&o.identity, "identity", "", "recovery kit, or a file with an age identity, instead of a name")
}

// read gathers what was given, for the operation that needs it.
func (o *opener) read(e *env) (appliance.Key, error) {
	if o.user == "" {
		return kitKey(o.identity)
	}
	if o.identity != "" {
		return appliance.Key{}, usageError{errors.New("give --user or --identity, not both")}
	}
	pw, err := e.password(o.passwordFile, "Password of "+o.user)
	return appliance.Key{User: o.user, Password: pw}, err
}

// envelope is how a message is listed; nothing in it is of a patient.
type envelope struct {
	ID         message.ID       `json:"id"`
	Number     string           `json:"number"`
	ReceivedAt time.Time        `json:"received_at"`
	Channel    message.Channel  `json:"channel"`
	CallType   message.CallType `json:"call_type"`
	Urgency    message.Urgency  `json:"urgency"`
	Status     message.Status   `json:"status"`
	Parts      []message.Part   `json:"parts"`
}

func listedEnvelope(m message.Envelope) envelope {
	return envelope{m.ID, m.Number.String(), m.ReceivedAt, m.Channel, m.CallType, m.Urgency, m.Status, m.Parts}
}

func newMessageList(e *env) *cobra.Command {
	var limit int
	c := &cobra.Command{
		Use: "list", Short: "List the messages, newest first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if limit < 0 {
				return usageError{errors.New("--limit cannot be below 0")}
			}
			messages, err := put(c.Context(), e, askMessageList, limit, nil)
			if err != nil {
				return err
			}
			return list(e, messages, "NUMBER\tRECEIVED\tTYPE\tURGENCY\tSTATUS\tID", func(m envelope) []string {
				return []string{m.Number, m.ReceivedAt.Local().Format("2006-01-02 15:04"), string(m.CallType), m.Urgency.String(), string(m.Status), string(m.ID)}
			}, "No messages yet.")
		},
	}
	c.Flags().IntVar(&limit, "limit", 0, "how many at most; 0 for all")
	return c
}

type messageArgs struct {
	ID        string
	Key       appliance.Key
	Recipient string
}

// shown is a message opened for one command. Text is PHI, on its way to the
// terminal of whoever opened it.
type shown struct {
	envelope
	Events []message.Event `json:"events"`
	Text   string          `json:"text"`
}

func newMessageShow(e *env) *cobra.Command {
	var open opener
	c := &cobra.Command{
		Use: "show ID", Short: "Show one message, opened for this command alone", Args: cobra.ExactArgs(1),
		Long: "Show one message by its id or number. Give --user or --identity to read it; the opening is recorded.",
		RunE: func(c *cobra.Command, words []string) error {
			key, err := open.read(e)
			if err != nil {
				return err
			}
			m, err := put(c.Context(), e, askMessageShow, messageArgs{ID: words[0], Key: key}, nil)
			if err != nil {
				return err
			}
			return e.object(m, func() { e.say("%s", strings.TrimRight(m.Text, "\n")) })
		},
	}
	open.flags(c)
	return c
}

// exported is one part of a message as an age file.
type exported struct {
	Name string     `json:"name"`
	Part message.ID `json:"part"`
	Age  []byte     `json:"age"`
}

func newMessageExport(e *env) *cobra.Command {
	var open opener
	var to, recipient string
	c := &cobra.Command{
		Use: "export ID", Short: "Write each part of a message as an age file", Args: cobra.ExactArgs(1),
		Long: "Write each part of a message into a folder as a file that the stock age program opens,\nsealed to --recipient, or to the practice. Nothing is written in the clear.",
		RunE: func(c *cobra.Command, words []string) error {
			key, err := open.read(e)
			if err != nil {
				return err
			}
			files, err := put(c.Context(), e, askMessageExport, messageArgs{ID: words[0], Key: key, Recipient: recipient}, nil)
			if err != nil {
				return err
			}
			return e.writeExport(to, files)
		},
	}
	open.flags(c)
	c.Flags().StringVar(&to, "to", "", "folder to write into")
	c.Flags().StringVar(&recipient, "recipient", "", "age recipient to seal to, instead of the practice")
	required(c, "to")
	return c
}

// written is a file that an export made.
type written struct {
	File string     `json:"file"`
	Part message.ID `json:"part"`
}

func (e *env) writeExport(dir string, files []exported) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder to export into: %w", err)
	}
	rows := make([]written, 0, len(files))
	for _, f := range files {
		path := filepath.Join(dir, filepath.Base(f.Name))
		if err := writeNew(path, f.Age); err != nil {
			return fmt.Errorf("writing an exported part: %w", err)
		}
		rows = append(rows, written{path, f.Part})
	}
	return list(e, rows, "FILE", func(w written) []string { return []string{w.File} }, "The message has no parts.")
}

// writeNew writes a file that must not be there yet.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

var askMessageList = ask[int, []envelope]{"message-list", func(_ context.Context, a *appliance.Appliance, limit int, _ progress) ([]envelope, error) {
	all, err := a.Envelopes(limit)
	rows := make([]envelope, 0, len(all))
	for _, m := range all {
		rows = append(rows, listedEnvelope(m))
	}
	return rows, err
}}

var askMessageShow = ask[messageArgs, shown]{"message-show", func(ctx context.Context, a *appliance.Appliance, args messageArgs, _ progress) (shown, error) {
	m, err := a.ShowMessage(ctx, args.ID, args.Key)
	if err != nil {
		return shown{}, err
	}
	return shown{envelope: listedEnvelope(m.Envelope), Events: m.Events, Text: m.Text.Reveal()}, nil
}}

var askMessageExport = ask[messageArgs, []exported]{"message-export", func(ctx context.Context, a *appliance.Appliance, args messageArgs, _ progress) ([]exported, error) {
	parts, err := a.ExportMessage(ctx, args.ID, args.Key, args.Recipient)
	files := make([]exported, 0, len(parts))
	for _, p := range parts {
		files = append(files, exported{Name: p.Name, Part: p.Part, Age: p.Age})
	}
	return files, err
}}
