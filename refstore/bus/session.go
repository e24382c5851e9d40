package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

// Status is what a session is doing.
type Status string

// The statuses of a session.
const (
	Running Status = "running"
	Blocked Status = "blocked"
	Parked  Status = "parked" // put aside, by a usage limit or a person, until it is taken up again
	Done    Status = "done"
)

// RequestNote begins the note of a session whose work is in review by a pull request:
// what it is to land on and the request's URL follow.
const RequestNote = "in review: "

// statuses are those that are stored; see park for the fourth.
var statuses = []Status{Running, Blocked, Done}

// Session is one of the agents or people who work in the repository.
type Session struct {
	ID         string
	Workstream string
	Branch     string
	Status     Status
	Until      time.Time // when a parked session goes on, zero if that is not known
	Note       string
	Agent      string    // what runs it, if that is known
	Parent     string    // of a subagent's session: the one that it works for and counts as, see CountsAs
	Host       string    // where it last said something of itself; with a hub the clone that it is at home in
	Joined     time.Time // to the second
	Updated    time.Time
	Seen       time.Time // when it was last heard of, never before Joined if no clock was ahead
	Heard      bool      // it was heard of since it was registered
}

// sessionState is a session as it is stored at <id> in refs/swarm/sessions.
type sessionState struct {
	refstore.Versioned
	Workstream string    `toml:"workstream"`
	Branch     string    `toml:"branch"`
	Status     Status    `toml:"status"`
	Note       string    `toml:"note"`
	Agent      string    `toml:"agent"`
	Host       string    `toml:"host"`
	Joined     time.Time `toml:"joined"`
	Updated    time.Time `toml:"updated"`
}

func decodeSession(id string, content []byte) (*sessionState, error) {
	var s sessionState
	err := refstore.DecodeState(content, &s)
	if err == nil && !slices.Contains(statuses, s.Status) {
		err = fmt.Errorf("unknown status '%s'", s.Status)
	}
	if err == nil {
		err = CheckID(id)
	}
	if err != nil {
		return nil, &refstore.DamagedError{Ref: SessionsRef, Path: id, Err: err}
	}
	return &s, nil
}

func (s *sessionState) put(tx *refstore.Tx, id string) error {
	s.Version = refstore.FormatVersion
	s.Updated = refstore.Time(tx.At())
	table, err := tx.Table(SessionsRef)
	if err != nil {
		return err
	}
	content, err := refstore.EncodeState(s)
	if err != nil {
		return err
	}
	return table.Put(id, content)
}

// Registration is a session to register.
type Registration struct {
	ID, Workstream string
	Agent          string
	Parent         string // the session whose subagent it is, "" for none
	Checkout       string // the branch, where it is not feat/<workstream>
	Registrar      string // the session whose agent registers it, "" for none
}

// Check refuses what cannot be registered.
func (n Registration) Check() error {
	if err := CheckID(n.ID); err != nil {
		return err
	}
	if strings.EqualFold(n.ID, Orchestrator) {
		return Inputf("bad session id '%s': it is always there", n.ID)
	}
	if !isWorkstream(n.Workstream) {
		return Inputf("bad workstream %.80q for session %s: it names a branch, so letters, digits, '-', '_' and '.'", n.Workstream, n.ID)
	}
	for _, text := range []string{n.Agent, n.Checkout} {
		if text == "" {
			continue
		}
		if err := checkBody(text); err != nil {
			return err
		}
	}
	return n.checkParent()
}

// isWorkstream keeps feat/<workstream> a ref that git takes: words of letters,
// digits and '_', joined by single dots and dashes.
func isWorkstream(s string) bool {
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '.' || r == '-' }) {
		if strings.ContainsFunc(word, func(r rune) bool { return r != '_' && !isAlphanumeric(r) }) {
			return false
		}
	}
	joined := strings.NewReplacer("-", ".").Replace(s)
	return len(s) > 0 && len(s) <= 100 && isAlphanumeric(rune(s[0])) &&
		!strings.Contains(joined, "..") && !strings.HasSuffix(joined, ".") && !strings.HasSuffix(s, ".lock")
}

// Branch is the branch that the session's work goes to.
func (n Registration) Branch() string {
	if n.Checkout != "" {
		return n.Checkout
	}
	return "feat/" + n.Workstream
}

// IsSessionBranch reports whether the branch (without refs/heads/) is that of a
// registered session's workstream, feat/<workstream>. A branch that a session found
// checked out when it joined is not: that may be anybody's.
func (b *Bus) IsSessionBranch(ctx context.Context, branch string) (bool, error) {
	if !strings.HasPrefix(branch, "feat/") {
		return false, nil
	}
	all, err := b.Sessions(ctx)
	return slices.ContainsFunc(all, func(s Session) bool {
		return s.Branch == branch && branch == Registration{Workstream: s.Workstream}.Branch()
	}), err
}

// Register adds the sessions that are not there yet, all in one transaction, and
// returns those it added. Ids that exist are left as they are.
func (b *Bus) Register(ctx context.Context, sessions []Registration) (added []Registration, err error) {
	for i, n := range sessions {
		if err := n.Check(); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(sessions[:i], func(o Registration) bool { return strings.EqualFold(o.ID, n.ID) }) {
			return nil, Inputf("session '%s' is named twice", n.ID)
		}
	}
	host := b.host()
	err = b.store.Update(ctx, Orchestrator, func(tx *refstore.Tx) error {
		added = nil
		table, err := tx.Table(SessionsRef)
		if err != nil {
			return err
		}
		for _, n := range sessions {
			_, err := resolve(table, n.ID)
			var unknown *UnknownSessionError
			if !errors.As(err, &unknown) {
				if err != nil {
					return err
				}
				continue
			}
			if err := n.put(tx, host); err != nil {
				return err
			}
			added = append(added, n)
		}
		if len(added) == 0 {
			return nil
		}
		_, err = tx.Record(SessionsRef, refstore.Entry{Body: joinBody(added)})
		return err
	})
	return added, err
}

// put stages the session, of a host.
func (n Registration) put(tx *refstore.Tx, host string) error {
	s := &sessionState{Workstream: n.Workstream, Branch: n.Branch(), Status: Running, Agent: n.agentText(), Host: host, Joined: refstore.Time(tx.At())}
	return s.put(tx, n.ID)
}

// RegisterIn adds a session that is not there yet, within a transaction.
func (b *Bus) RegisterIn(tx *refstore.Tx, n Registration) error {
	if err := n.Check(); err != nil {
		return err
	}
	if err := n.put(tx, b.host()); err != nil {
		return err
	}
	_, err := tx.Record(SessionsRef, refstore.Entry{Body: joinBody([]Registration{n})})
	return err
}

// Sessions returns everybody who is registered, sorted by id, T2 before T10. Damaged
// records are left out: [refstore.Store.SetAside] tells.
func (b *Bus) Sessions(ctx context.Context) ([]Session, error) {
	table, err := b.store.Table(ctx, SessionsRef)
	if err != nil {
		return nil, err
	}
	seen, err := b.store.Refs(ctx, seenPrefix)
	if err != nil {
		return nil, err
	}
	tips := map[string]hash{}
	for _, r := range seen {
		tips[r.Name] = r.Tip
	}
	var all []Session
	var failed error
	err = table.Below("", func(id string, content []byte) bool {
		var s Session
		if s, failed = b.session(ctx, id, content, tips[SeenRef(id)]); failed == nil {
			all = append(all, s)
		} else if b.store.LeaveOut(failed) {
			failed = nil
		}
		return failed == nil
	})
	slices.SortStableFunc(all, func(a, b Session) int { return strings.Compare(counted(a.ID), counted(b.ID)) })
	return all, errors.Join(err, failed)
}

// counted is the id with the length of each number before it, up to 9: such strings sort
// as people count.
func counted(id string) string {
	var key []byte
	for i := 0; i < len(id); {
		rest := strings.TrimLeft(id[i:], "0123456789")
		end := len(id) - len(rest)
		if end > i {
			key = append(key, '0'+byte(min(end-i, 9)))
		} else {
			end++
		}
		key = append(key, id[i:end]...)
		i = end
	}
	return string(key)
}

func (b *Bus) session(ctx context.Context, id string, content []byte, seen hash) (Session, error) {
	s, err := decodeSession(id, content)
	if err != nil {
		return Session{}, err
	}
	c, err := b.cursor(ctx, id, seen)
	if err != nil {
		if !b.store.LeaveOut(err) {
			return Session{}, err
		}
		c = &cursor{} // it was last heard of when it joined, for all that can be read
	}
	status, note, until := s.said()
	agent, parent := s.runBy()
	return Session{id, s.Workstream, s.Branch, status, until, note, agent, parent, s.Host, s.Joined, s.Updated, heard(s.Joined, c.At, b.store.Now()), seen != ""}, nil
}

// heard is when a session was last heard of: the later of when it joined and its last
// heartbeat. One that a clock said which was ahead does not count beside the other.
func heard(joined, beat, now time.Time) time.Time {
	joinedAhead, beatAhead := joined.Sub(now) > clockSkew, beat.Sub(now) > clockSkew
	switch {
	case joinedAhead && !beatAhead && !beat.IsZero():
		return beat
	case beatAhead && !joinedAhead && !joined.IsZero(), joined.After(beat):
		return joined
	}
	return beat
}

// Session returns one session.
func (b *Bus) Session(ctx context.Context, id string) (Session, error) {
	table, id, err := b.registered(ctx, id)
	if err != nil {
		return Session{}, err
	}
	tip, err := b.store.Tip(ctx, SeenRef(id))
	if err != nil {
		return Session{}, err
	}
	content, err := table.Get(id)
	if errors.Is(err, refstore.ErrNotExist) { // the orchestrator
		c, err := b.cursor(ctx, id, tip)
		if err != nil {
			return Session{}, err
		}
		return Session{ID: id, Status: Running, Seen: c.At, Heard: tip != ""}, nil
	}
	if err != nil {
		return Session{}, err
	}
	return b.session(ctx, id, content, tip)
}

// LastSeen is when the session was last heard of, within a transaction. A
// session that is not there was never heard of.
func LastSeen(tx *refstore.Tx, id string) (time.Time, error) {
	c, err := cursorIn(tx, id)
	if err != nil {
		return time.Time{}, err
	}
	table, err := tx.ReadTable(SessionsRef)
	if err != nil {
		return time.Time{}, err
	}
	content, err := table.Get(id)
	if errors.Is(err, refstore.ErrNotExist) {
		return c.At, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	s, err := decodeSession(id, content)
	if err != nil {
		return time.Time{}, err
	}
	return heard(s.Joined, c.At, tx.At()), nil
}

// Change is what SetStatus is to change; nil leaves a field as it is.
type Change struct {
	Status *Status
	Until  time.Time // with Parked; zero if it is not known
	Note   *string
	Branch *string // that it works on
}

// SetStatus changes what is known of session id, in the name of by. also, if not
// nil, joins the transaction. A change that changes nothing is not recorded.
func (b *Bus) SetStatus(ctx context.Context, by, id string, change Change, also func(*refstore.Tx) error) error {
	if change.Status != nil && !slices.Contains(append(statuses, Parked), *change.Status) {
		return Inputf("unknown status '%s': running, blocked, parked or done", *change.Status)
	}
	for _, text := range []*string{change.Note, change.Branch} {
		if text == nil || *text == "" {
			continue
		}
		if err := checkBody(*text); err != nil {
			return err
		}
	}
	id, err := b.Resolve(ctx, id)
	if err != nil {
		return err
	}
	host := b.host()
	return b.Update(ctx, by, func(tx *refstore.Tx, by string) error {
		if err := setStatus(tx, id, by, host, change); err != nil {
			return err
		}
		if also == nil {
			return nil
		}
		return also(tx)
	})
}

func setStatus(tx *refstore.Tx, id, by, host string, change Change) error {
	table, err := tx.Table(SessionsRef)
	if err != nil {
		return err
	}
	s := &sessionState{Status: Running, Joined: refstore.Time(tx.At())} // the orchestrator's first
	content, err := table.Get(id)
	if err == nil {
		s, err = decodeSession(id, content)
	}
	if err != nil && !errors.Is(err, refstore.ErrNotExist) {
		return err
	}
	before := *s
	status, note, until := s.said()
	if change.Status != nil {
		status, until = *change.Status, change.Until
	}
	if change.Note != nil {
		note = *change.Note
	}
	s.say(status, note, until)
	if change.Branch != nil {
		s.Branch = *change.Branch
	}
	if *s == before && err == nil {
		return nil
	}
	if by == id {
		s.Host = host
	}
	if err := s.put(tx, id); err != nil {
		return err
	}
	body := s.Note
	if body == "" {
		body = id
	}
	_, err = tx.Record(SessionsRef, refstore.Entry{Label: string(s.Status), Body: body})
	return err
}

// DoneIn has session id be done, with that note, within a transaction, if it is still
// what the blob was: else something was said of it since, and it stays. became reports
// whether it was not done before, and is now.
func DoneIn(tx *refstore.Tx, id string, was hash, note string) (became bool, err error) {
	table, err := tx.Table(SessionsRef)
	if err != nil {
		return false, err
	}
	content, err := table.Get(id)
	if errors.Is(err, refstore.ErrNotExist) || err == nil && tx.BlobID(content) != was {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	s, err := decodeSession(id, content)
	if err != nil {
		return false, err
	}
	done := Done
	return s.Status != Done, setStatus(tx, id, "", s.Host, Change{Status: &done, Note: &note})
}

// StatusIn returns what the session is doing, within a transaction. A session
// that is not in the table, as the orchestrator may be, is running.
func StatusIn(tx *refstore.Tx, id string) (Status, error) {
	s, err := stateIn(tx, id)
	if err != nil || s == nil {
		return Running, err
	}
	status, _, _ := s.said()
	return status, nil
}

// stateIn is the session as it is stored, within a transaction; nil if it is not in the
// table.
func stateIn(tx *refstore.Tx, id string) (*sessionState, error) {
	table, err := tx.Table(SessionsRef)
	if err != nil {
		return nil, err
	}
	content, err := table.Get(id)
	if errors.Is(err, refstore.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decodeSession(id, content)
}
