package queue

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// Ref is the table of the queue.
const Ref = "refs/swarm/queue"

// Stage is how far an entry has come.
type Stage string

// The stages. The last two are for good.
const (
	Waiting   Stage = "waiting"
	Verifying Stage = "verifying" // the verify command runs on it, alone or with others
	Landing   Stage = "landing"   // it is being pushed: whether it has landed, the remote says
	Landed    Stage = "landed"
	Refused   Stage = "refused"
)

// Entry is a branch that waits to land, or what became of it.
type Entry struct {
	refstore.Versioned
	Number int       `toml:"number"` // of the commit that put it
	Branch string    `toml:"branch"` // without refs/heads/, "" for a detached HEAD
	Tip    string    `toml:"tip"`    // as it was put
	Remote string    `toml:"remote"` // "" where the target is a branch of this repository
	Target string    `toml:"target"` // a branch of the remote
	Since  time.Time `toml:"since"`  // when it was put

	// The process that waits for the end. Without one (PID 0) nobody waits: the
	// session is told by a message.
	Host    string `toml:"host"`
	PID     int    `toml:"pid"`
	Process string `toml:"process"` // as in the push lock

	Stage Stage     `toml:"stage"`
	At    time.Time `toml:"at"` // since when it is in that stage

	// Tried are rebases of the branch that may have landed, each "OLD NEW": if the
	// target has NEW, everything up to OLD has landed.
	Tried []string `toml:"tried"`

	Base    string   `toml:"base"`    // landing, landed: the commit below its first one on the target
	After   string   `toml:"after"`   // landed: its last one there
	Commits int      `toml:"commits"` // landed: how many the target gained by it
	Healed  []string `toml:"healed"`  // "PATH RULE…" of the conflicts healed on the way

	Why    string   `toml:"why"`    // refused: one line
	Status int      `toml:"status"` // refused by swarm.verify: what it ended with
	Upon   []string `toml:"upon"`   // refused by swarm.verify: the sessions below it in the stack that failed
	Log    string   `toml:"log"`    // refused by swarm.verify: the file that has all of its output
	Tail   string   `toml:"tail"`   // refused by swarm.verify: the last lines of it

	Session string `toml:"-"` // the path in the table
	Clone   string `toml:"-"` // of what another clone lets this one land: which; "" for an entry of the queue here
}

// Decided reports whether it is known what became of the entry.
func (e *Entry) Decided() bool { return e.Stage == Landed || e.Stage == Refused }

// waitPrefix begins the names of the files that the processes which wait keep locked
// with flock, in the folder swarm of the common git dir: the kernel unlocks them when a
// process ends.
const waitPrefix = "queued-"

// WaitFile is the one of a session.
func WaitFile(b *bus.Bus, session string) string {
	return filepath.Join(b.Store().Repo().CommonDir, "swarm", waitPrefix+session)
}

// Attended reports whether a process of this machine waits for the end of the entry.
func (e *Entry) Attended(b *bus.Bus) bool {
	return e.PID != 0 && file.Locked(WaitFile(b, e.Session))
}

// Attend makes this process the one that waits, until the function returned is called
// or the process ends. alone is false if another waits for the session already.
func (e *Entry) Attend(b *bus.Bus) (leave func(), alone bool) {
	e.Host, _ = os.Hostname()
	e.PID = os.Getpid()
	e.Process = file.ProcessMark(e.PID)
	path := WaitFile(b, e.Session)
	unlock, err := file.TryLockPath(path)
	if err != nil {
		return func() {}, !errors.Is(err, file.ErrLocked)
	}
	return func() {
		_ = os.Remove(path)
		unlock()
	}, true
}

// Leave has nobody wait for the end of the session's entry, as [Left] tells.
func Leave(b *bus.Bus, session string) error {
	unlock, err := file.TryLockPath(WaitFile(b, session))
	if err != nil {
		return err
	}
	unlock()
	return nil
}

// Left reports, by one look at a file, whether the session may have an entry for whose
// end no process waits.
func Left(b *bus.Bus, session string) bool {
	path := WaitFile(b, session)
	_, err := os.Lstat(path)
	return err == nil && !file.Locked(path)
}

// Forget ends what Left tells. If a process waits, it does nothing.
func Forget(b *bus.Bus, session string) {
	path := WaitFile(b, session)
	if _, err := os.Lstat(path); err != nil {
		return
	}
	if unlock, err := file.TryLockPath(path); err == nil {
		_ = os.Remove(path)
		unlock()
	}
}

// Own reports whether this process is the one that waits.
func (e *Entry) Own() bool {
	return e.PID == os.Getpid() && e.Process == file.ProcessMark(os.Getpid())
}

// Try notes that next, a rebase of old, may land.
func (e *Entry) Try(old, next string) {
	if pair := old + " " + next; !slices.Contains(e.Tried, pair) {
		e.Tried = append(e.Tried, pair)
	}
}

func (e *Entry) encode() ([]byte, error) {
	e.Version = refstore.FormatVersion
	e.Since, e.At = refstore.Time(e.Since), refstore.Time(e.At)
	for _, list := range []*[]string{&e.Tried, &e.Healed, &e.Upon} {
		if *list == nil {
			*list = []string{}
		}
	}
	return refstore.EncodeState(e)
}

func decode(path string, content []byte) (*Entry, error) {
	e := new(Entry)
	err := refstore.DecodeState(content, e)
	e.Session = path
	if err == nil {
		err = e.check()
	}
	if err != nil {
		return nil, &refstore.DamagedError{Ref: Ref, Path: path, Err: err}
	}
	return e, nil
}

// check refuses what the fields cannot be.
func (e *Entry) check() error {
	if err := bus.CheckID(e.Session); err != nil {
		return err
	}
	switch e.Stage {
	case Waiting, Verifying, Landing, Landed, Refused:
	default:
		return fmt.Errorf("stage %.80q", e.Stage)
	}
	switch {
	case e.Number < 1 || e.Number > refstore.MaxNumber:
		return fmt.Errorf("number %d", e.Number)
	case e.Commits < 0 || e.PID < 0:
		return errors.New("a number below zero")
	case e.Target == "":
		return errors.New("it has no target")
	case e.Tip == "" || e.Stage == Landed && e.After == "":
		return errors.New("a commit is missing")
	case (e.Stage == Refused) != (e.Why != ""):
		return errors.New("the reason does not fit the stage")
	}
	for _, id := range []string{e.Tip, e.Base, e.After} {
		if id != "" && !isID(id) {
			return fmt.Errorf("%.80q is no object id", id)
		}
	}
	for _, pair := range e.Tried {
		if old, next, ok := strings.Cut(pair, " "); !ok || !isID(old) || !isID(next) {
			return fmt.Errorf("%.80q are no two object ids", pair)
		}
	}
	return nil
}

func isID(s string) bool {
	return object.SHA1.Valid(object.Hash(s)) || object.SHA256.Valid(object.Hash(s))
}
