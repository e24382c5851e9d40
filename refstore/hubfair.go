package refstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// hubFairness keeps a clone that makes one shared change after the other from starving
// another one, whose fetches are longer because they bring those changes. A clone that has
// lost two races in a row asks the others, in its own ref, to yield for as long as it needs
// for a change. Who has read that lets it go first after each change of its own, until that
// was once in vain. It decides nothing but who waits, and may be lost. Moments are Unix
// milliseconds of this clone's clock.
type hubFairness struct {
	lost   int   // races that this clone has lost in a row
	asked  int64 // when it last asked the others to yield
	last   int64 // when the last change was seen, of whichever clone
	rivals []hubRival
}

// hubRival is a clone that has asked the others to yield.
type hubRival struct {
	clone string
	needs int64 // milliseconds
	heard int64 // when that was read here
	went  bool  // it has made a change since this clone made its last
}

const (
	losesOften = 2 // races in a row

	maxYield  = 5 * time.Second  // the longest that a clone can ask for at once
	keepYield = time.Minute      // for how long what it has asked for counts
	nextYield = 10 * time.Second // how long after it has asked it may ask again
	yieldMark = "yield:"         // begins the line of a beat that asks; no session is called so
)

// won notes that this clone has made a change.
func (f *hubFairness) won(now int64) {
	f.lost, f.last = 0, now
	for i := range f.rivals {
		f.rivals[i].went = false
	}
}

// lose notes that this clone has lost a race, and says whether it is to ask the others to
// yield now.
func (f *hubFairness) lose(now int64) bool {
	f.lost++
	if f.lost < losesOften || f.asked != 0 && now >= f.asked && now-f.asked < nextYield.Milliseconds() {
		return false
	}
	f.asked = now
	return true
}

// hear notes that the clone has asked this one to yield.
func (f *hubFairness) hear(clone string, needs, now int64) {
	f.rivals = slices.DeleteFunc(f.rivals, func(r hubRival) bool { return r.clone == clone })
	f.rivals = append(f.rivals, hubRival{clone: clone, needs: min(needs, maxYield.Milliseconds()), heard: now})
}

// goes notes that the clone has made a change.
func (f *hubFairness) goes(clone string, now int64) {
	f.last = now
	for i := range f.rivals {
		f.rivals[i].went = f.rivals[i].went || f.rivals[i].clone == clone
	}
}

// yield is how long this clone lets others go first, at most.
func (f *hubFairness) yield(now int64) time.Duration {
	var left int64
	f.rivals = slices.DeleteFunc(f.rivals, func(r hubRival) bool {
		rest := max(f.last, r.heard) + r.needs - now
		past := now < r.heard || now-r.heard > keepYield.Milliseconds() || rest > r.needs // a clock may be set back
		if past || !r.went && rest <= 0 {
			return true
		}
		if !r.went {
			left = max(left, rest)
		}
		return false
	})
	if f.lost >= losesOften { // else two that have asked each other would wait both
		return 0
	}
	return time.Duration(left) * time.Millisecond
}

const (
	hubFairLine  = "lost %d asked %d last %d\n"
	hubRivalLine = "rival %s needs %d heard %d went %t\n"
)

func (f *hubFairness) encode() string {
	if f.lost == 0 && f.asked == 0 && len(f.rivals) == 0 {
		return ""
	}
	s := fmt.Sprintf(hubFairLine, f.lost, f.asked, f.last)
	for _, r := range f.rivals {
		s += fmt.Sprintf(hubRivalLine, r.clone, r.needs, r.heard, r.went)
	}
	return s
}

func decodeFairness(s string) (f hubFairness) {
	first, rest, _ := strings.Cut(s, "\n")
	if _, err := fmt.Sscanf(first+"\n", hubFairLine, &f.lost, &f.asked, &f.last); err != nil {
		return hubFairness{}
	}
	for line := range strings.Lines(rest) {
		var r hubRival
		if _, err := fmt.Sscanf(line, hubRivalLine, &r.clone, &r.needs, &r.heard, &r.went); err == nil {
			f.rivals = append(f.rivals, r)
		}
	}
	return f
}

// yielding is how long others ask for that a clone writes in the line of a beat.
func yielding(line string) (needs int64, ok bool) {
	word, ms, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	n, err := ParseNumber(ms)
	return int64(n), word == yieldMark && err == nil && n > 0 && n < 1<<31
}

// ask asks the other clones to yield. That this fails costs nothing but time.
func (t *hubTurn) ask(ctx context.Context, needs time.Duration) {
	s := t.store
	if s.paceLeft() > 0 {
		return
	}
	body := yieldMark + " " + strconv.FormatInt(max(needs, time.Millisecond).Milliseconds(), 10)
	who, err := s.identity(ctx)
	if err != nil {
		return
	}
	err = s.retry(ctx, func(ctx context.Context) error {
		return s.transact(ctx, "orchestrator", who, func(tx *Tx) error {
			_, err := tx.append(s.fromRef(), Entry{Label: labelBeat, Body: body})
			return err
		})
	})
	if err != nil {
		return
	}
	if tip, err := s.Tip(ctx, s.fromRef()); err == nil {
		_ = t.deliver(ctx, tip)
	}
}

// ready fetches, where that has to come before a change, and lets other clones go first
// that have asked for it. done says that another command of this clone has made the change
// meanwhile.
func (u *sharedUpdate) ready(ctx context.Context, fetch bool) (done bool, err error) {
	step := max(time.Duration(u.past.took)*time.Millisecond/2, groupWait/10)
	for {
		left := u.yieldLeft()
		if fetch && (left <= 0 || since(u.past.fetched) >= step) {
			if err := u.refresh(ctx); err != nil {
				return false, err
			}
			fetch, left = false, u.yieldLeft()
		}
		if left <= 0 {
			return false, nil
		}
		done, err := u.pause(ctx, min(left, step))
		if errors.Is(err, errPatience) {
			err = fmt.Errorf("%w: other clones went first", ErrBusy)
		}
		if done || err != nil {
			return done, err
		}
		if len(u.sent) > 0 { // it went along with a push without an answer
			return u.settle(ctx, u.told)
		}
		fetch = true
	}
}

// yieldLeft is how long this command still lets others go first: a step more of one
// command, and one whose push may have arrived, does not.
func (u *sharedUpdate) yieldLeft() time.Duration {
	if u.again || len(u.sent) > 0 {
		return 0
	}
	return min(u.past.yield(time.Now().UnixMilli()), time.Until(u.yields))
}
