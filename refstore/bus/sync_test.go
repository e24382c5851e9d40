package bus

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

func (s *swarm) wantSync(id string, want ...string) *News {
	s.Helper()
	news := s.sync(id)
	if got := news.lines(); !slices.Equal(got, want) {
		s.Errorf("sync of %s shows %q, want %q", id, got, want)
	}
	return news
}

func TestSync(t *testing.T) {
	s := newSwarm(t, "A", "B", "C")
	s.say("B", "one")
	s.say("A", "my own")
	s.send("B", "A", "hello")
	s.send("A", "A", "a note to myself")
	s.say("C", "two")
	s.send("C", "A", "there")
	if news := s.wantSync("A", "M1 B hello", "M2 A a note to myself", "M3 C there", "C1 B one", "C3 C two"); news.Session != "A" || news.Older != 0 {
		t.Errorf("the news are %+v", news)
	}
	s.wantSync("A")
	s.say("A", "mine again")
	s.wantSync("A")
	s.say("B", "three")
	s.wantSync("A", "C5 B three")
	s.wantSync("B", "C2 A my own", "C3 C two", "C4 A mine again")
	s.healthy()
}

// At least once: what was not put out is shown again, with what came since.
func TestSyncShowsAgain(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.say("B", "one")
	s.send("B", "A", "hello")
	full := errors.New("no space left on device")
	for range 2 {
		before := s.Snapshot()
		if err := s.Sync(bg, "A", func(*News) error { return full }); !errors.Is(err, full) {
			t.Errorf("show's error came back as %v", err)
		}
		if after := s.Snapshot(); after != before {
			t.Errorf("something was written: %s", after)
		}
	}
	s.say("B", "two")
	s.wantSync("A", "M1 B hello", "C1 B one", "C2 B two")
	s.wantSync("A")
}

// A process that is killed while it puts out the news has not shown them.
func TestSyncKilled(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.say("B", "one")
	for range 3 {
		out, err := refstoretest.Command(t, "sync", s.Dir, "A").CombinedOutput()
		if !refstoretest.WasKilled(err) || string(out) != "C1 B one\n" {
			t.Fatalf("the process said %q and ended with %v", out, err)
		}
	}
	s.wantSync("A", "C1 B one")
	s.healthy()
}

// syncAndDie is that process.
func syncAndDie(_ string, args []string) error {
	b, err := openDir(args[0], refstore.Options{})
	if err != nil {
		return err
	}
	return b.Sync(bg, args[1], func(n *News) error {
		fmt.Println(n.lines()[0])
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	})
}

// With nothing new nothing is written, but a heartbeat when it is due.
func TestSyncQuiet(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.say("B", "one")
	s.wantSync("A", "C1 B one")
	synced, before := s.clock.Now(), s.Snapshot()
	for _, wait := range []time.Duration{0, time.Second, 28 * time.Second, 999 * time.Millisecond} {
		s.clock.Advance(wait)
		s.wantSync("A")
		if after := s.Snapshot(); after != before {
			t.Fatalf("%s after the last heartbeat something was written: %s", s.clock.Now().Sub(synced), after)
		}
	}
	s.clock.Advance(time.Millisecond)
	s.wantSync("A")
	if got, err := s.Session(bg, "A"); err != nil || got.Seen.Sub(synced) != BeatEvery {
		t.Errorf("A was seen %s after its sync, %v", got.Seen.Sub(synced), err)
	}
	s.say("B", "two")
	s.wantSync("A", "C2 B two")
	s.healthy()
}

// A sync with news of its own renews the heartbeat with the same write.
func TestSyncOwnEntriesOnly(t *testing.T) {
	s := newSwarm(t, "A")
	s.sync("A")
	s.say("A", "mine")
	tip := s.Git("rev-parse", SeenRef("A"))
	s.wantSync("A")
	if s.Git("rev-parse", SeenRef("A")) == tip {
		t.Error("the cursor did not pass the session's own entry")
	}
	before := s.Snapshot()
	s.wantSync("A")
	if after := s.Snapshot(); after != before {
		t.Errorf("something was written: %s", after)
	}
}

func TestFirstSync(t *testing.T) {
	for _, c := range []struct{ entries, older int }{{0, 0}, {1, 0}, {50, 0}, {51, 1}, {120, 70}} {
		t.Run(strconv.Itoa(c.entries), func(t *testing.T) {
			t.Parallel()
			s := newSwarm(t, "A", "B")
			for i := range c.entries {
				s.say("B", strconv.Itoa(i+1))
			}
			s.send("A", "B", "to act is not to sync") // and makes a cursor
			var want []string
			for i := c.older + 1; i <= c.entries; i++ {
				want = append(want, fmt.Sprintf("C%d B %d", i, i))
			}
			if news := s.wantSync("A", want...); news != nil && news.Older != c.older {
				t.Errorf("%d are older, want %d", news.Older, c.older)
			}
			s.wantSync("A")
		})
	}
}

// A session that comes back is shown the newest, and what it is not shown it can read
// later: messages stay unread.
func TestSyncAfterLong(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.say("B", "before")
	s.wantSync("A", "C1 B before")
	var want []string
	for i := range 70 {
		from := "B"
		if i == 3 || i == 68 {
			from = Orchestrator
		}
		s.send(from, "A", strconv.Itoa(i+1))
		s.say("B", strconv.Itoa(i+2))
	}
	want = append(want, "M4 orchestrator 4", "M69 orchestrator 69")
	for i := 22; i <= 70; i++ {
		if i != 69 {
			want = append(want, fmt.Sprintf("M%d B %d", i, i))
		}
	}
	for i := 22; i <= 71; i++ {
		want = append(want, fmt.Sprintf("C%d B %d", i, i))
	}
	if news := s.wantSync("A", want...); news.Older != 20 || news.Unshown != 20 {
		t.Errorf("%d of the context and %d messages are left out", news.Older, news.Unshown)
	}
	s.wantSync("A")
	unread, err := s.Inbox(bg, "A", false)
	s.Must(err)
	if len(unread) != 70 {
		t.Errorf("%d messages are unread", len(unread))
	}
	s.healthy()
}

func TestSyncFindsTheSession(t *testing.T) {
	s := newSwarm(t, "Anna", "B")
	s.send("B", "Anna", "hello")
	s.say("Anna", "mine")
	if news := s.wantSync("ANNA", "M1 B hello"); news.Session != "Anna" {
		t.Errorf("the session is %s", news.Session)
	}
	s.wantSync("anna")
	s.wantSync("Anna")
	s.send("B", "anna", "again")
	s.wantSync("aNNA", "M2 B again")
	s.wantSync("ORCHESTRATOR", "C1 Anna mine")
	s.wantSync("orchestrator")
	if got := s.Git("for-each-ref", "--format=%(refname)", "refs/swarm/seen/"); got != "refs/swarm/seen/Anna\nrefs/swarm/seen/B\nrefs/swarm/seen/orchestrator" {
		t.Errorf("the cursors are %q", got)
	}
	before := s.Snapshot()
	show := func(*News) error { t.Error("it was shown something"); return nil }
	var unknown *UnknownSessionError
	if err := s.Sync(bg, "Z", show); !errors.As(err, &unknown) || !slices.Equal(unknown.Known, []string{"Anna", "B"}) {
		t.Errorf("an unknown session gives %v", err)
	}
	for _, id := range []string{"", "all", "../sessions", "a/b", "A.lock"} {
		isInput(t, "a sync of "+id, s.Sync(bg, id, show))
	}
	if after := s.Snapshot(); after != before {
		t.Errorf("something was written: %s", after)
	}
	s.healthy()
}

// What is committed while a sync runs is new to the next one.
func TestSyncMissesNothingMeanwhile(t *testing.T) {
	s := newSwarm(t, "A", "B")
	other := s.open()
	for i := range 4 {
		s.say("B", strconv.Itoa(2*i))
		shown := 0
		s.Must(s.Sync(bg, "A", func(n *News) error {
			shown = len(n.Context)
			_, err := other.AddContext(bg, "B", "decision", strconv.Itoa(2*i+1))
			s.Must(err)
			return nil
		}))
		if shown != 1 {
			t.Errorf("round %d shows %d", i, shown)
		}
		s.wantSync("A", fmt.Sprintf("C%d B %d", 2*i+2, 2*i+1))
	}
}

// Two syncs of one session at once: the one that saw less does not set the
// cursor back.
func TestSyncTwiceAtOnce(t *testing.T) {
	s := newSwarm(t, "A", "B")
	other := s.open()
	s.say("B", "one")
	s.send("B", "A", "hello")
	s.Must(s.Sync(bg, "A", func(slow *News) error {
		s.say("B", "two")
		s.send("B", "A", "again")
		s.Must(s.MarkRead(bg, "A", 1))
		return other.Sync(bg, "A", func(fast *News) error {
			if got := fast.lines(); !slices.Equal(got, []string{"M2 B again", "C1 B one", "C2 B two"}) {
				t.Errorf("the second shows %q", got)
			}
			return nil
		})
	}))
	s.wantSync("A")
	s.wantInbox("A", false, "2 B again")
	s.healthy()
}

// Writers write while a session syncs all the time: it is shown each entry
// exactly once, in order.
func TestSyncRace(t *testing.T) {
	each := 15
	if refstoretest.Long() {
		each = 500
	}
	s := newSwarm(t, "A", "B", "C", "D")
	s.sync("A")
	writing, stop := make(chan struct{}), sync.WaitGroup{}
	for _, by := range []string{"B", "C", "D"} {
		b := s.open()
		stop.Go(func() {
			for i := range each {
				_, err := b.AddContext(bg, by, "decision", strconv.Itoa(i))
				_, err2 := b.Send(bg, by, "A", strconv.Itoa(i))
				if err != nil || err2 != nil {
					t.Error(err, err2)
				}
			}
		})
	}
	go func() { stop.Wait(); close(writing) }()
	var context, messages []int
	collect := func(n *News) error {
		for _, c := range n.Context {
			context = append(context, c.Number)
		}
		for _, m := range n.Messages {
			messages = append(messages, m.Number)
		}
		return nil
	}
	for syncing := true; syncing; {
		select {
		case <-writing:
			syncing = false
		default:
		}
		s.Must(s.Sync(bg, "A", collect))
	}
	for what, numbers := range map[string][]int{"context": context, "messages": messages} {
		for i, n := range numbers {
			if n != i+1 {
				t.Fatalf("%s: #%d was shown where #%d was due", what, n, i+1)
			}
		}
		if len(numbers) != 3*each {
			t.Errorf("%s: shown %d of %d", what, len(numbers), 3*each)
		}
	}
	s.healthy()
}
