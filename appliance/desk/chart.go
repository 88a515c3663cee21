package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/vault"
)

// Chart answers a message as a block of plain text to be copied into a patient's
// chart. That it was copied is a record in the log.
func (d *Desk) Chart(ctx context.Context, s access.Session, id message.ID) (message.Clear, error) {
	v, err := d.look(ctx, s, id)
	if err != nil {
		return "", err
	}
	if err := d.opened(ctx, s, v); err != nil {
		return "", err
	}
	leaf := audit.Leaf{At: d.now(), Who: string(s.Who), What: audit.Copied, About: []string{string(id)}, From: from(s)}
	if err := d.recordRead(ctx, s, leaf); err != nil {
		return "", err
	}
	return d.ChartText(v), nil
}

// opened refuses a View whose contents are not open.
func (d *Desk) opened(ctx context.Context, s access.Session, v View) error {
	switch v.Seal {
	case Opened:
		return nil
	case Locked:
		if !s.Asleep {
			return vault.ErrLocked
		}
		fallthrough // the appliance may be open: it is their session that is not
	case NotYours:
		return d.notYours(ctx, s, v.Envelope.ID)
	case Forged:
		return fmt.Errorf("message %s cannot be opened: %w", v.Envelope.ID, vault.ErrForged)
	}
	return fmt.Errorf("message %s cannot be opened: %s", v.Envelope.ID, v.Seal)
}

// ChartText writes an opened View as plain text, in the same order each time:
// what the call was, what was asked, what was said, what came with it, what was
// done, how it ended. Times are the practice's. A sealed View is its envelope.
func (d *Desk) ChartText(v View) message.Clear {
	var b strings.Builder
	e := v.Envelope
	fmt.Fprintf(&b, "%s  %s (%s)\n", e.Number, v.Type.Name, e.Urgency)
	fmt.Fprintf(&b, "Received: %s, %s\n", d.stamp(e.ReceivedAt), cameBy(v))
	if v.Seal == Opened {
		d.chartRecord(&b, v)
	}
	d.chartWork(&b, v)
	return message.Clear(b.String())
}

func (d *Desk) chartRecord(b *strings.Builder, v View) {
	for _, l := range v.Type.Lines(v.Record, v.Envelope.ReceivedAt.In(d.zone)) {
		fmt.Fprintf(b, "%s: %s", strings.TrimSuffix(l.Field.Label, "?"), hang(l.Value.Reveal()))
		if l.Note != "" {
			fmt.Fprintf(b, " (%s)", l.Note.Reveal())
		}
		if l.Ticked {
			b.WriteString(" (read back)")
		}
		b.WriteByte('\n')
	}
	if text := strings.TrimSpace(v.Text.Reveal()); text != "" {
		fmt.Fprintf(b, "Text: %s\n", hang(text))
	}
	for _, f := range v.Record.Flags {
		fmt.Fprintln(b, hang(v.protocol.FlagWords(f).Reveal()))
	}
	for _, f := range v.Record.Files {
		if f.Role == message.RoleAttachment {
			fmt.Fprintf(b, "File: %s (%s, %s)\n", orDash(f.Name.Reveal()), f.Type, size(f.Size))
		}
	}
}

// chartWork writes what people did. What the bell did is for the page.
func (d *Desk) chartWork(b *strings.Builder, v View) {
	words := map[message.ID]string{}
	var loose []Note // with no line of the timeline
	for _, n := range v.Notes {
		if n.Event.What == "" && n.Text != "" {
			loose = append(loose, n)
		}
		words[n.Part] = n.Text.Reveal()
	}
	for _, ev := range v.Events {
		did := deed(v, ev)
		if did == "" {
			continue
		}
		fmt.Fprintf(b, "%s: %s %s", d.stamp(ev.At), v.name(ev.Who), did)
		if text := words[ev.Part]; ev.Part != "" && text != "" {
			fmt.Fprintf(b, ": %s", hang(text))
		}
		b.WriteByte('\n')
	}
	for _, n := range loose {
		fmt.Fprintf(b, "Note: %s\n", hang(n.Text.Reveal()))
	}
}

// deed says what a person did, or "" for what no person did.
func deed(v View, ev message.Event) string {
	switch ev.What {
	case message.EventAccepted:
		return "took it"
	case message.EventHandedOff:
		return "handed it to " + v.name(ev.Whom)
	case message.EventNoted:
		return "noted"
	case message.EventCalledBack:
		if ev.Detail == DetailNotReached {
			return "called back, nobody reached"
		}
		return "called back"
	case message.EventSent:
		return "sent it securely to " + v.name(ev.Whom)
	case message.EventClosed:
		return "closed it: " + strings.ReplaceAll(ev.Detail, "-", " ")
	case message.EventUrgency:
		was, is, _ := strings.Cut(ev.Detail, "/")
		return "made it " + is + ", which was " + was
	case message.EventReopened:
		return "opened it again"
	}
	return ""
}

func (v View) name(id message.PersonID) string {
	if name := v.Names[id]; name != "" {
		return name
	}
	return orDash(string(id))
}

func cameBy(v View) string {
	switch e := v.Envelope; {
	case e.TypedBy != "":
		return "by phone, typed by " + v.name(e.TypedBy)
	case e.Channel == message.ChannelMail:
		return "by mail"
	case e.Channel == message.ChannelDrill:
		return "a test call"
	}
	return "from a machine"
}

func (d *Desk) stamp(t time.Time) string { return t.In(d.zone).Format("Jan 2, 2006 3:04 PM MST") }

// hang indents the further lines of a text under its first.
func hang(s string) string {
	return strings.Join(slices.Collect(strings.SplitSeq(strings.TrimSpace(s), "\n")), "\n    ")
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func size(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}
