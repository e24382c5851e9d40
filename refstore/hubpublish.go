package refstore

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// sign has the entry say which clone wrote it, where other clones read it.
func (tx *Tx) sign(ref string, e *Entry) {
	if class := classOf(ref); tx.store.hasHub() && (class == sharedRef || class == publishedRef) {
		e.Clone = tx.store.clone()
	}
}

// publish puts an entry of a view where the other clones get it from, and into the
// view. What goes with a shared change is delivered with that, and comes into the
// view by integration.
func (tx *Tx) publish(ref string, e Entry) (*Entry, error) {
	out := e
	out.Fields = append([]Field{{fieldTo, hubName(ref)}}, e.Fields...)
	if tx.shared {
		return tx.append(tx.store.toldRef(), out)
	}
	sent, err := tx.append(tx.store.fromRef(), out)
	if err != nil {
		return nil, err
	}
	tx.published = true
	e.Origin = originOf(tx.store.clone(), false, sent.Number)
	return tx.append(ref, e)
}

// Beat says to the other clones how long ago sessions of this one were heard of. It is
// delivered with what comes next.
func (tx *Tx) Beat(ages map[string]time.Duration) error {
	var lines []string
	for id, age := range ages {
		lines = append(lines, id+" "+strconv.Itoa(int(max(age, 0).Seconds())))
	}
	slices.Sort(lines)
	_, err := tx.append(tx.store.fromRef(), Entry{Label: labelBeat, Body: strings.Join(lines, "\n")})
	return err
}

// BeatDue reports whether this clone is to beat: the hub was reached when it was last
// asked, and the last beat is that old. last is when that was, the zero time for never.
func (s *Store) BeatDue(every time.Duration) (last time.Time, due bool) {
	info, err := os.Stat(s.hubFile("hub-beat"))
	if err == nil {
		last = info.ModTime()
	}
	past := s.hubPast()
	return last, past.fetched > 0 && past.failed == 0 && time.Since(last) > every
}

// Beaten notes that this clone has beaten now.
func (s *Store) Beaten() { _ = file.Replace(s.hubFile("hub-beat"), nil, 0o666) }

func originOf(clone string, told bool, number int) string {
	if told {
		return clone + ".t" + strconv.Itoa(number)
	}
	return clone + "." + strconv.Itoa(number)
}

// downtime is for how long after the hub was out of reach published entries wait
// without another try.
const downtime = 15 * time.Second

// errLately is why nothing is tried within downtime.
var errLately = errors.New("it was not reached a moment ago")

// deliver pushes what this clone has published, unless another process of the clone
// does meanwhile. What cannot be delivered waits: HubTrouble says why.
func (s *Store) deliver(ctx context.Context) {
	if s.opts.Later != nil {
		s.opts.Later()
		return
	}
	if s.HubAway() {
		s.noteTrouble(&HubError{Err: errLately})
		return
	}
	if s.paceLeft() > 0 {
		if s.opts.Paced != nil {
			s.opts.Paced()
		}
		return
	}
	if err := s.deliverNow(ctx); err != nil {
		s.noteTrouble(err)
	}
}

func (s *Store) deliverNow(ctx context.Context) error {
	tip, err := s.Tip(ctx, s.fromRef())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.HubPatience)
	defer cancel()
	turn, err := s.hubTurn(ctx)
	if err != nil {
		return err
	}
	defer turn.end()
	return turn.deliver(ctx, tip)
}

// deliverTries is how often a delivery is tried: the ref is this clone's alone, so
// only a lost answer, or a hub that was moved back, makes it fail once.
const deliverTries = 3

// deliver pushes this clone's own ref, unless the hub has the commit already.
func (t *hubTurn) deliver(ctx context.Context, commit object.Hash) error {
	s := t.store
	for try := 1; ; try++ {
		tips, err := s.Tips(ctx, s.fromRef(), TrackingPrefix+hubName(s.fromRef()))
		if err != nil || tips[0] == tips[1] {
			return err
		}
		if there, err := s.has(ctx, s.fromRef(), tips[1], commit); err != nil || there {
			return err
		}
		if err = s.mayFollow(ctx, s.fromRef(), tips[0]); err == nil {
			err = t.push(ctx, []HubUpdate{{hubName(s.fromRef()), tips[1], tips[0]}})
		}
		var away *HubError
		switch {
		case err == nil:
			s.pushed()
			if t.past.failed != 0 {
				t.past.failed = 0
				t.remember()
			}
			return s.move(ctx, refs.Update{Ref: TrackingPrefix + hubName(s.fromRef()), Prev: tips[1], Next: tips[0]})
		case errors.As(err, &away):
			return t.failed(err)
		case !errors.Is(err, ErrStale) && !errors.Is(err, errBehind):
			return err
		case try == deliverTries:
			return cmp.Or(lockedThere(err, try), err)
		}
		if err := t.fetch(ctx); err != nil {
			return err
		}
	}
}

// move moves one ref that is nobody's entry.
func (s *Store) move(ctx context.Context, u refs.Update) error {
	return s.asNobody(ctx, func(tx *Tx) error {
		tx.order = []*chain{{ref: u.Ref, prev: u.Prev, tip: u.Next}}
		return nil
	})
}

// keepRefreshing has what is new on the hub come every Options.HubInterval, until stop
// is called, which waits for the end of it.
func (s *Store) keepRefreshing() (stop func()) {
	if !s.hasHub() {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(s.opts.HubInterval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				_ = s.Refresh(ctx, false) // who waits has nothing to say of a hub that is away
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// Refresh brings what other clones have done since, and delivers what waits here, if
// that is due: it was not done within Options.HubInterval, or always says so.
func (s *Store) Refresh(ctx context.Context, always bool) error {
	if !s.hasHub() {
		return nil
	}
	due := func(p hubPast) bool {
		return always || since(p.fetched) > s.opts.HubInterval && since(p.failed) > s.opts.HubInterval
	}
	if !due(s.hubPast()) {
		return nil
	}
	if s.opts.Later != nil {
		s.opts.Later()
		return nil
	}
	asked := time.Now().UnixMilli()
	turn, err := s.hubTurn(ctx)
	if err != nil {
		return err
	}
	defer turn.end()
	if turn.past.fetched < asked || !due(turn.past) { // else another process has done so meanwhile
		if err := turn.fetch(ctx); err != nil {
			return err
		}
	}
	if !always && s.paceLeft() > 0 {
		return nil // it is delivered later, by who waits for that, or with what comes next
	}
	tip, err := s.Tip(ctx, s.fromRef())
	if err == nil && !always && turn.silent(ctx, tip) {
		return nil
	}
	if err != nil {
		return err
	}
	return turn.deliver(ctx, tip)
}

// silent reports whether this clone, which could not push when it joined, has said nothing
// since: it does not ask each time whether it may.
func (t *hubTurn) silent(ctx context.Context, tip object.Hash) bool {
	s := t.store
	there, err := s.Tip(ctx, TrackingPrefix+hubName(s.fromRef()))
	if err != nil || there != "" || tip == "" {
		return false
	}
	e, err := s.Entry(ctx, s.fromRef(), tip)
	return err == nil && e.Label == labelJoin
}
