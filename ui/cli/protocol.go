package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"nightbell/appliance"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

func newProtocol(e *env) *cobra.Command {
	group := &cobra.Command{Use: "protocol", Short: "What is asked and said on the phone, what is urgent, and who gets what"}
	group.AddCommand(newProtocolList(e), newProtocolExport(e), newProtocolImport(e), newProtocolExplain(e))
	return group
}

// protocolVersion is one version as the list shows it.
type protocolVersion struct {
	Version int    `json:"version"`
	At      string `json:"at"` // RFC 3339, UTC
	By      string `json:"by"`
	Note    string `json:"note,omitempty"`
}

func newProtocolList(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the versions that were published, the newest first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			versions, err := put(c.Context(), e, askProtocolList, nothing{}, nil)
			if err != nil {
				return err
			}
			return list(e, versions, "VERSION\tPUBLISHED\tBY\tNOTE", func(v protocolVersion) []string {
				return []string{strconv.Itoa(v.Version), v.At, v.By, v.Note}
			}, "None was published: calls are taken by the one that is shipped.")
		},
	}
}

func newProtocolExport(e *env) *cobra.Command {
	var version int
	var shipped, to string
	c := &cobra.Command{
		Use: "export", Short: "Print the protocol as a file that can be changed, shared and imported", Args: cobra.NoArgs,
		Long: "Print the protocol as a YAML file that can be changed, kept under version control, shared and imported again.\n" +
			"Shipped with this program are: " + strings.Join(protocol.ShippedNames(), ", ") + ".",
		RunE: func(c *cobra.Command, _ []string) error {
			if version != 0 && shipped != "" {
				return usageError{errors.New("give --version or --shipped, not both")}
			}
			file, err := protocolFile(c.Context(), e, version, shipped)
			if err != nil {
				return err
			}
			if to == "" {
				_, err = e.out.Write(file)
				return err
			}
			if err := os.WriteFile(to, file, 0o644); err != nil {
				return fmt.Errorf("writing the protocol: %w", err)
			}
			e.say("Written to %s.", to)
			return nil
		},
	}
	c.Flags().IntVar(&version, "version", 0, "an earlier version (the one that counts, when not given)")
	c.Flags().StringVar(&shipped, "shipped", "", "one that is shipped, by its name, in place of the practice's own")
	c.Flags().StringVar(&to, "to", "", "file to write it to (standard output, when not given)")
	return c
}

func protocolFile(ctx context.Context, e *env, version int, shipped string) ([]byte, error) {
	if shipped == "" {
		return put(ctx, e, askProtocolExport, version, nil)
	}
	p, err := protocol.Shipped(shipped)
	if err != nil {
		return nil, err
	}
	return protocol.Encode(p)
}

// protocolImport is a file to be imported.
type protocolImport struct {
	File    []byte
	Publish bool
	Note    string
}

func newProtocolImport(e *env) *cobra.Command {
	var f protocolImport
	c := &cobra.Command{
		Use: "import FILE", Short: "Make a file the draft of the next version, or publish it", Args: cobra.ExactArgs(1),
		Long: "Make a file the draft of the next version; calls are taken by it once it is published, here with --publish or on the\n" +
			"page Protocol. What differs from what counts is printed, and what has to be seen to before it can be published.",
		RunE: func(c *cobra.Command, words []string) (err error) {
			if f.Note != "" && !f.Publish {
				return usageError{errors.New("--note goes with --publish")}
			}
			if f.File, err = readProtocol(words[0]); err != nil {
				return err
			}
			done, err := put(c.Context(), e, askProtocolImport, f, nil)
			if err != nil {
				return err
			}
			if err := e.object(done, func() { e.printProtocolImport(done) }); err != nil {
				return err
			}
			if f.Publish && done.Published == 0 {
				return checkFailed{errors.New("it is the draft now and was not published; see to what is named, and publish it")}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&f.Publish, "publish", false, "publish it at once, when nothing has to be seen to")
	c.Flags().StringVar(&f.Note, "note", "", "what the new version is for")
	return c
}

// readProtocol reads a file here: the service may not see it. One that is too
// large is refused by whoever reads it.
func readProtocol(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the protocol: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, protocol.MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading the protocol: %w", err)
	}
	return data, nil
}

func (e *env) printProtocolImport(done appliance.ImportedProtocol) {
	if len(done.Changes) == 0 {
		e.say("%s changes nothing.", done.Title)
	}
	for _, c := range done.Changes {
		e.say("%s: %s", c.Place, c.Words)
		if c.Before != "" {
			e.say("    before: %s", c.Before)
		}
		if c.After != "" {
			e.say("    now:    %s", c.After)
		}
	}
	if done.Comments {
		e.say("Note: the file's comments are not kept; keep the file.")
	}
	for _, f := range done.Faults {
		e.say("! %s (%s)", f.Words, f.Path)
	}
	switch {
	case done.Published > 0:
		e.say("It is version %d, and counts from now on.", done.Published)
	case len(done.Faults) == 0:
		e.say("It is the draft of the next version, and can be published.")
	}
}

var askProtocolList = ask[nothing, []protocolVersion]{"protocol-list", func(_ context.Context, a *appliance.Appliance, _ nothing, _ progress) (rows []protocolVersion, err error) {
	err = a.Store.View(func(tx *store.Tx) error {
		list, err := protocol.Versions(tx)
		for _, v := range list {
			rows = append(rows, protocolVersion{v.Number, v.At.Format("2006-01-02T15:04:05Z07:00"), a.DoneBy(tx, v.By), v.Note})
		}
		return err
	})
	return rows, err
}}

var askProtocolExport = ask[int, []byte]{"protocol-export", func(_ context.Context, a *appliance.Appliance, version int, _ progress) ([]byte, error) {
	file, err := a.ProtocolFile(version)
	if errors.Is(err, protocol.ErrNoVersion) {
		err = &appliance.Advice{What: fmt.Sprintf("there is no version %d", version), Do: "see which there are: nightbell protocol list", Err: err}
	}
	return file, err
}}

var askProtocolImport = ask[protocolImport, appliance.ImportedProtocol]{"protocol-import", func(ctx context.Context, a *appliance.Appliance, f protocolImport, _ progress) (appliance.ImportedProtocol, error) {
	done, err := a.ImportProtocol(ctx, owner, f.File)
	var bad *protocol.BadFile
	if errors.As(err, &bad) { // a line each reads better than all in one
		return done, &appliance.Advice{What: "nothing was imported; mend the file and import it again:\n  " + strings.Join(bad.Lines(), "\n  "), Err: err}
	}
	if err != nil || !f.Publish || len(done.Faults) > 0 {
		return done, err
	}
	v, err := a.PublishProtocol(ctx, owner, f.Note, 0)
	done.Published = v.Number
	return done, err
}}
