package refstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/odb"
)

// link is one commit of a chain, as far as it can be read.
type link struct {
	id    object.Hash
	data  *object.CommitData // nil if there is no such commit
	entry *Entry             // nil if fault is not
	fault error              // a *DamagedError: what is wrong with the commit by itself
}

// parent is where the chain goes on: of several parents it is the first.
func (l *link) parent() object.Hash {
	if l.data == nil {
		return ""
	}
	return l.data.Parent()
}

// link reads the commit id of the chain ref; child is the one that names it as
// its parent, if any does. An error says nothing of the commit (the time is up,
// the system refused), or that a newer git swarm made it.
func (s *Store) link(ctx context.Context, ref string, id, child object.Hash) (*link, error) {
	l := &link{id: id}
	o, err := s.read(ctx, id)
	if errors.Is(err, odb.ErrNotFound) {
		if next := s.replaced(ctx, ref, id); next != "" {
			return s.link(ctx, ref, next, "")
		}
	}
	switch {
	case errors.Is(err, errAwait):
		return nil, err
	case errors.Is(err, odb.ErrNotFound) && child != "" && s.endsAt(child):
		err = &DamagedError{Ref: ref, ID: child, Err: ErrShallow}
	case err != nil:
		err = damage(ref, id, "", err)
	default:
		if err = s.decodeLink(ref, l, o); err != nil {
			err = &DamagedError{Ref: ref, ID: id, Err: err}
		}
	}
	if err == nil {
		return l, nil
	}
	l.entry, l.fault = nil, err
	var damaged *DamagedError
	if !errors.As(err, &damaged) || errors.Is(err, ErrVersion) {
		return l, err
	}
	return l, nil
}

// maxCommit bounds a commit's bytes: a body of bus.MaxBody may be doubled by
// escapes, and has its metadata beside it.
const maxCommit = 4 << 20

// decodeLink reads the commit and its entry, and refuses what Tx would not have written.
func (s *Store) decodeLink(ref string, l *link, o object.Object) (err error) {
	switch {
	case o.Kind != object.Commit:
		return fmt.Errorf("a %s and no commit", o.Kind)
	case len(o.Content) > maxCommit:
		return fmt.Errorf("a commit of %d bytes", len(o.Content))
	}
	if l.data, err = s.repo.Algo.DecodeCommit(o.Content); err != nil {
		return err
	}
	if l.entry, err = decodeEntry(ref, l.id, l.data); err != nil {
		return err
	}
	content := o.Content
	if l.data.Signed() && l.entry.format() == hubVersion { // by a later git swarm
		content, l.data.Others = object.WithoutSignature(content), nil
	}
	if err := checkHeaders(l.data); err != nil {
		return err
	}
	shape, known := shapeOf(ref)
	var room [1024]byte
	switch {
	case !bytes.Equal(l.data.AppendTo(room[:0]), content):
		return errors.New("the headers are not as git swarm writes them")
	case known && shape != TableShape && l.data.Tree != s.repo.Algo.EmptyTree():
		return fmt.Errorf("tree %s where the empty tree belongs", l.data.Tree.Short())
	case known && shape == CursorShape && len(l.data.Parents) > 0:
		return errors.New("a cursor with a parent")
	case !(known && shape == CursorShape) && len(l.data.Parents) == 0 && l.entry.Number != 1 && !l.entry.Anew():
		return fmt.Errorf("number %d with 0 parents", l.entry.Number)
	case len(l.data.Parents) > 0 && l.entry.Number == 1 && !l.entry.Repair(): // which may be on top of damage alone
		return errors.New("number 1 with 1 parents")
	}
	return nil
}

// follows says what is wrong with l's number above its parent p. It says nothing
// if the parent is damaged itself, or was set aside.
func (l *link) follows(ref string, p *link, aside map[object.Hash]bool) error {
	if l.entry == nil || p == nil || p.entry == nil || aside[p.id] {
		return nil
	}
	due := p.entry.Number + 1
	if l.entry.Number != due && !(l.entry.Anew() && l.entry.Number > due) {
		return &DamagedError{Ref: ref, ID: l.id, Err: fmt.Errorf("number %d where %d is due", l.entry.Number, due)}
	}
	for _, key := range [...]string{fieldEpoch, fieldReviews, fieldTasks} {
		before, after := p.entry.Field(key), l.entry.Field(key)
		if before == "" && after == "" {
			continue
		}
		was, _ := ParseNumber(before) // checked when they were read
		is, _ := ParseNumber(after)
		if is < was || is > was+1 && key != fieldTasks && !l.entry.Repair() {
			return &DamagedError{Ref: ref, ID: l.id, Err: fmt.Errorf("%s: %d after %d", key, is, was)}
		}
	}
	return nil
}

// read returns the object. One that is missing may be about to be written again: a
// git gc --prune=now can take the objects of a transaction that was under way when
// it looked, or that was killed.
func (s *Store) read(ctx context.Context, id object.Hash) (object.Object, error) {
	o, err := s.reader.Read(ctx, id)
	if !errors.Is(err, odb.ErrNotFound) {
		return o, err
	}
	if s.Pending() {
		if err := s.await(ctx); err != nil {
			return o, fmt.Errorf("%w: %w", errAwait, err)
		}
	}
	return s.reader.Read(ctx, id) // also where it was completed in between
}

// errAwait says that a transaction did not come to its end: what is missing then is
// no damage.
var errAwait = errors.New("a change is under way, or was cut short")

// replaced is what a cursor's ref holds instead of the commit, which a git gc may
// have taken since it was read there; "" if it still holds it.
func (s *Store) replaced(ctx context.Context, ref string, id object.Hash) object.Hash {
	if shape, known := shapeOf(ref); !known || shape != CursorShape {
		return ""
	}
	if tip, err := s.Tip(ctx, ref); err == nil && tip != id {
		return tip
	}
	return ""
}

// await waits for the transaction under way, or completes what a killed writer
// left: until then objects can be missing that a ref has already.
func (s *Store) await(ctx context.Context) error {
	if err := s.chooseWriter(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.opts.Timeout, ErrBusy)
	defer cancel()
	_, release, err := s.begin(ctx)
	if err == nil {
		release()
	}
	return err
}

// endsAt reports whether a shallow clone has cut off what is below the commit.
func (s *Store) endsAt(id object.Hash) bool {
	content, err := file.Read(filepath.Join(s.repo.CommonDir, "shallow"), 1<<20)
	return err == nil && strings.Contains("\n"+string(content), "\n"+string(id)+"\n")
}

// Walk calls visit for the entries of the chain ref from tip backwards, until
// visit returns false, the chain ends, or it comes to the commit since, which is
// not visited; found reports that it did. Commits that are not as git swarm
// writes them are left out, and told by [Store.SetAside]; so are, silently,
// those that a repair record sets aside. Repair records are visited.
func (s *Store) Walk(ctx context.Context, ref string, tip, since object.Hash, visit func(*Entry) bool) (found bool, err error) {
	bad := 0
	return s.walk(ctx, ref, tip, since, func(fault *DamagedError) bool {
		s.aside(fault)
		bad++
		return bad <= maxAside
	}, visit)
}

// walk is Walk that tells leaveOut of each damaged commit, and ends with that
// error if it says no.
func (s *Store) walk(ctx context.Context, ref string, tip, since object.Hash, leaveOut func(*DamagedError) bool, visit func(*Entry) bool) (found bool, err error) {
	if tip == "" || tip == since {
		return tip == since, nil
	}
	aside := map[object.Hash]bool{}
	l, err := s.link(ctx, ref, tip, "")
	for err == nil {
		var below *link
		if next := l.parent(); next != "" {
			if below, err = s.link(ctx, ref, next, l.id); err != nil {
				return false, err
			}
		}
		fault := l.fault
		if fault == nil {
			if !aside[l.id] {
				for _, id := range l.entry.setAside() {
					aside[id] = true
				}
			}
			fault = l.follows(ref, below, aside)
		}
		var damaged *DamagedError
		switch {
		case aside[l.id]:
		case errors.As(fault, &damaged):
			if !leaveOut(damaged) {
				return false, fault
			}
		default:
			if !visit(l.entry) {
				return false, nil
			}
		}
		if below == nil || below.id == since {
			return below != nil, nil
		}
		l = below
	}
	return false, err
}

// Common is where two chains of a ref meet.
type Common struct {
	ID     object.Hash // "" if they have no commit in common, or one cannot be read
	Number int
	Anew   bool // a repair record has begun the chain anew: the numbers tell what is known
}

// Common finds the newest commit that the chain at tip shares with the chain that
// ended at old.
func (s *Store) Common(ctx context.Context, ref string, tip, old object.Hash) (Common, error) {
	ends := [2]*link{{id: tip}, {id: old}}
	for i, id := range [2]object.Hash{tip, old} {
		if id == "" {
			return Common{}, nil
		}
		var err error
		if ends[i], err = s.link(ctx, ref, id, ""); err != nil {
			return Common{}, err
		}
	}
	for ends[0].id != ends[1].id {
		here, there := ends[0], ends[1]
		if here.entry != nil && here.entry.Anew() {
			return Common{Anew: true}, nil
		}
		i := 1 // the chain to follow: the one that is above the other
		if here.entry == nil || there.entry != nil && here.entry.Number >= there.entry.Number {
			i = 0
		}
		if there.data == nil { // gone: but the chain here may have begun anew
			i = 0
		}
		next := ends[i].parent()
		if next == "" {
			return Common{}, nil
		}
		l, err := s.link(ctx, ref, next, ends[i].id)
		if err != nil {
			return Common{}, err
		}
		ends[i] = l
	}
	common := Common{ID: ends[0].id}
	if e := ends[0].entry; e != nil {
		common.Number = e.Number
	}
	return common, nil
}

// maxAside is how many damaged commits a walk passes before it gives up.
const maxAside = 1000

// aside notes what a reader left out.
func (s *Store) aside(fault error) {
	var damaged *DamagedError
	if !errors.As(fault, &damaged) {
		return
	}
	s.noting.Lock()
	defer s.noting.Unlock()
	if len(s.left) == maxAside {
		return
	}
	if s.leftOut == nil {
		s.leftOut = map[string]bool{}
	}
	if text := damaged.Error(); !s.leftOut[text] {
		s.leftOut[text] = true
		s.left = append(s.left, damaged)
	}
}

// LeaveOut notes a fault that the caller found in what it read, and that it goes
// on without. Other errors are not noted; ok is false for them.
func (s *Store) LeaveOut(fault error) (ok bool) {
	var damaged *DamagedError
	if !errors.As(fault, &damaged) || errors.Is(fault, ErrVersion) {
		return false
	}
	s.aside(fault)
	return true
}

// SetAside is what readers have left out since the last call, each fault once.
func (s *Store) SetAside() []*DamagedError {
	s.noting.Lock()
	defer s.noting.Unlock()
	left := s.left
	s.left, s.leftOut = nil, nil
	return left
}

// soundTip is the newest commit of the chain that may be built upon: the tip, if
// nothing is wrong with it. Else fault says what is, and the commit is one below
// it, nil if there is none. whole asks for the tip's number to be compared with
// its parent's, which costs a second read.
func (s *Store) soundTip(ctx context.Context, ref string, tip object.Hash, whole bool) (sound *link, fault error, err error) {
	l, err := s.link(ctx, ref, tip, "")
	if err != nil {
		return nil, nil, err
	}
	fault = l.fault
	if shape, _ := shapeOf(ref); whole && fault == nil && shape != CursorShape && l.parent() != "" {
		below, err := s.link(ctx, ref, l.parent(), l.id)
		if err != nil {
			return nil, nil, err
		}
		aside := map[object.Hash]bool{}
		for _, id := range l.entry.setAside() {
			aside[id] = true
		}
		if fault = l.follows(ref, below, aside); fault == nil && !aside[below.id] && !errors.Is(below.fault, ErrShallow) {
			fault = below.fault
		}
	}
	if fault == nil {
		return l, nil, nil
	}
	_, err = s.Walk(ctx, ref, tip, "", func(e *Entry) bool {
		sound = &link{id: e.ID, entry: e}
		return false
	})
	if err == nil && sound != nil {
		sound, err = s.link(ctx, ref, sound.id, "")
	}
	return sound, fault, err
}

// CheckTips looks at the tip of each ref below prefix as a writer would, and
// notes what is wrong for [Store.SetAside].
func (s *Store) CheckTips(ctx context.Context, prefix string) error {
	refs, err := s.Refs(ctx, prefix)
	for _, r := range refs {
		if err != nil {
			break
		}
		var fault error
		if _, fault, err = s.soundTip(ctx, r.Name, r.Tip, true); fault != nil {
			s.aside(fault)
		}
	}
	if s.LeaveOut(err) {
		return nil
	}
	return err
}
