package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/file"
)

// Notice is a message that tells of what has already happened. Unlike other
// messages it must not be given up when it cannot be written.
type Notice struct {
	From string `json:"from"`
	To   string `json:"to"`
	Body string `json:"body"`
}

// KeptError says that notices could not be written yet and are kept: the next
// Update or Sync of any session in the repository sends them.
type KeptError struct {
	To  []string // whom they are for
	Err error    // what kept them from being written
}

func (e *KeptError) Error() string {
	return fmt.Sprintf("%s could not be told yet: %s", strings.Join(e.To, ", "), e.Err)
}

// Unwrap returns what kept the notices from being written.
func (e *KeptError) Unwrap() error { return e.Err }

// Tell sends the notices, which are all from one session, in one transaction. If
// that fails, it keeps them and returns *KeptError. again says that they may have
// been sent before, by an earlier try or by a process that was killed then: of those,
// what is among the last lookBack messages of the inbox is not repeated.
func (b *Bus) Tell(ctx context.Context, notices []Notice, again bool) error {
	if len(notices) == 0 {
		return nil
	}
	inTime, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	err := b.tell(inTime, notices, again)
	if err == nil {
		return nil
	}
	kept := &KeptError{Err: err}
	for _, n := range notices {
		if err := b.keep(n); err != nil {
			return errors.Join(kept.Err, err)
		}
		kept.To = append(kept.To, n.To)
	}
	return kept
}

// tellTime bounds the first try: whoever waits for the sender has waited enough.
const tellTime = 3 * time.Second

func (b *Bus) tell(ctx context.Context, notices []Notice, again bool) error {
	return b.store.Update(ctx, notices[0].From, func(tx *refstore.Tx) error {
		for _, n := range notices {
			if again {
				told, err := b.Told(ctx, tx, n)
				if err != nil {
					return err
				}
				if told {
					continue
				}
			}
			var unknown *UnknownSessionError // there is nobody to tell
			if _, err := Notify(tx, n.To, n.Body); err != nil && !errors.As(err, &unknown) {
				return err
			}
		}
		return nil
	})
}

// lookBack is how many messages are searched for one that may have been sent.
const lookBack = 200

// Told reports whether the notice is in the inbox.
func (b *Bus) Told(ctx context.Context, tx *refstore.Tx, n Notice) (found bool, err error) {
	last, err := tx.Last(InboxRef(n.To))
	if err != nil || last == nil {
		return false, err
	}
	left := lookBack
	_, err = b.store.Walk(ctx, InboxRef(n.To), last.ID, "", func(e *refstore.Entry) bool {
		found = e.Author == n.From && e.Body == n.Body
		left--
		return !found && left > 0
	})
	return found, err
}

// KeptDir holds one file for each notice that is kept.
func (b *Bus) KeptDir() string {
	return filepath.Join(b.store.Repo().CommonDir, "swarm", "notices")
}

func (b *Bus) keep(n Notice) error {
	content, err := json.Marshal(n)
	if err != nil {
		return err
	}
	path := filepath.Join(b.KeptDir(), fmt.Sprintf("%020d-%08x.json", time.Now().UnixNano(), rand.Uint32()))
	for range 100 {
		if err = file.MkdirAll(b.KeptDir()); err != nil {
			return err
		}
		if err = file.Replace(path, content, 0o666); !errors.Is(err, fs.ErrNotExist) {
			break // else the folder was empty, and removed
		}
	}
	return err
}

// sendKeptTime bounds what a command spends on notices that others have kept.
const sendKeptTime = 300 * time.Millisecond

// sendKept sends the notices that are kept, the oldest first. What fails again
// stays. Where there are none, it costs one system call. Two commands may send at
// once: each notice is compared with the inbox in the transaction that sends it.
func (b *Bus) sendKept(ctx context.Context) {
	files, err := os.ReadDir(b.KeptDir())
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sendKeptTime)
	defer cancel()
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".json") {
			b.sendOne(ctx, filepath.Join(b.KeptDir(), f.Name()))
		}
	}
	_ = os.Remove(b.KeptDir()) // if it is empty
}

// sendOne sends the notice in the file, and removes that.
func (b *Bus) sendOne(ctx context.Context, path string) {
	content, err := file.Read(path, 2*MaxBody)
	if err != nil {
		return
	}
	var n Notice
	err = json.Unmarshal(content, &n)
	if err == nil && CheckID(n.From) == nil && checkBody(n.Body) == nil && b.tell(ctx, []Notice{n}, true) != nil {
		return
	}
	_ = os.Remove(path)
}

// RenameKept has the notices that are kept be to, and from, the sessions as they are called
// now, by what they were called. Done again it changes nothing.
func (b *Bus) RenameKept(names map[string]string) error {
	files, _ := os.ReadDir(b.KeptDir()) // without any there is no such folder
	for _, f := range files {
		path := filepath.Join(b.KeptDir(), f.Name())
		content, err := file.Read(path, 2*MaxBody)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		var n Notice
		if json.Unmarshal(content, &n) != nil {
			continue
		}
		before := n
		for _, id := range []*string{&n.From, &n.To} {
			if name, ok := names[*id]; ok {
				*id = name
			}
		}
		if n == before {
			continue
		}
		if content, err = json.Marshal(n); err == nil {
			err = file.Replace(path, content, 0o666)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
