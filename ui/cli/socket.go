package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"nightbell/appliance"
)

// maxSocketPath is the longest path that every supported system takes for a
// socket: macOS has room for 104 bytes with the closing NUL.
const maxSocketPath = 103

// maxRequest bounds what a command sends: a file of shifts of 1 MiB, in base64.
const maxRequest = 2 << 20

// socketPath is where the service of a data folder listens for commands: in the
// folder itself, or, where that path is too long for the system, in a folder of
// the same owner under the temporary one, named after it.
func socketPath(data string) string {
	path := filepath.Join(data, "nightbell.sock")
	if len(path) <= maxSocketPath {
		return path
	}
	sum := sha256.Sum256([]byte(data))
	dir := "nightbell-" + strconv.Itoa(os.Getuid()) + "-" + hex.EncodeToString(sum[:8])
	return filepath.Join(os.TempDir(), dir, "s")
}

// listenSocket opens the socket that only the owner of the data folder may use.
// A socket left by a process that died is removed: the store's lock, which the
// caller holds, says that no other service runs.
func listenSocket(data string) (net.Listener, error) {
	path := socketPath(data)
	if dir := filepath.Dir(path); dir != data {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("making the folder for the command socket: %w", err)
		}
	}
	if err := safeSocket(data); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("removing an old command socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("opening the command socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("closing the command socket to others: %w", err)
	}
	return l, nil
}

// safeSocket refuses a socket that somebody else could have laid. In the data
// folder nobody can.
func safeSocket(data string) error {
	dir := filepath.Dir(socketPath(data))
	if dir == data {
		return nil
	}
	return onlyOwner(dir)
}

// control answers commands over the socket until the context ends.
type control struct {
	a   *appliance.Appliance
	log *slog.Logger
}

func (c control) serve(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	for _, op := range operations() {
		mux.HandleFunc("POST /"+op.name, func(w http.ResponseWriter, r *http.Request) { c.answer(w, r, op) })
	}
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	select {
	case err := <-done:
		return fmt.Errorf("serving commands: %w", err)
	case <-ctx.Done():
		srv.Close()
		<-done
		return nil
	}
}

// line is one line of an answer: progress any number of times, then the answer
// or an error.
type line struct {
	Done   int64           `json:"done,omitempty"`
	Total  int64           `json:"total,omitempty"`
	Answer json.RawMessage `json:"answer,omitempty"`
	Error  string          `json:"error,omitempty"`
	Todo   string          `json:"todo,omitempty"`
	Check  bool            `json:"check,omitempty"` // the error is what a check found
}

func (c control) answer(w http.ResponseWriter, r *http.Request, op operation) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
		return
	}
	enc := json.NewEncoder(w)
	flush := http.NewResponseController(w)
	result, err := op.run(r.Context(), c.a, raw, func(done, total int64) {
		if enc.Encode(line{Done: done, Total: total}) == nil {
			_ = flush.Flush() // progress that is not seen is no loss
		}
	})
	var last line
	if err == nil {
		last.Answer, err = json.Marshal(result)
	}
	if err != nil {
		last = line{Error: err.Error()}
		var help todo
		if errors.As(err, &help) {
			last.Todo = help.Todo()
		}
		var check checkFailed
		last.Check = errors.As(err, &check)
		c.log.Info("a command failed", "command", op.name)
	}
	_ = enc.Encode(last) // who asked is gone when this fails
}

// remoteError is what the service answered, with what to do.
type remoteError struct{ what, todo string }

func (e *remoteError) Error() string { return e.what }
func (e *remoteError) Todo() string  { return e.todo }

// errNoService says that nobody answers the socket: the appliance is stopped.
var errNoService = errors.New("no service is running on this data folder")

// overSocket asks the service. errNoService means that there is none.
func overSocket(ctx context.Context, data, name string, args any, p progress) (json.RawMessage, error) {
	if err := safeSocket(data); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socketPath(data))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errNoService, err)
		}
		return conn, nil
	}
	body, err := encodeBody(args)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://service/"+name, body)
	if err != nil {
		return nil, fmt.Errorf("asking the service: %w", err)
	}
	tr := &http.Transport{DialContext: dial, DisableKeepAlives: true}
	defer tr.CloseIdleConnections()
	resp, err := (&http.Client{Transport: tr}).Do(req)
	if errors.Is(err, os.ErrPermission) {
		return nil, &remoteError{"the service belongs to another user", "run this as the user that the service runs as"}
	}
	if err != nil {
		return nil, fmt.Errorf("asking the service: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &remoteError{"the service does not know this command", "restart it, so that both are of the same version"}
	}
	return readAnswer(resp.Body, p)
}

func readAnswer(r io.Reader, p progress) (json.RawMessage, error) {
	dec := json.NewDecoder(r)
	for {
		var l line
		if err := dec.Decode(&l); err != nil {
			return nil, &remoteError{"the service stopped before it answered", "look at `nightbell status`, then try again"}
		}
		switch {
		case l.Check:
			return nil, checkFailed{&remoteError{l.Error, l.Todo}}
		case l.Error != "":
			return nil, &remoteError{l.Error, l.Todo}
		case l.Answer != nil:
			return l.Answer, nil
		}
		p(l.Done, l.Total)
	}
}
