package bus

import (
	"os/exec"
	"strconv"
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
)

// noNews is a sync that has nothing to show.
func noNews(b *testing.B) func(*News) error {
	return func(n *News) error { b.Errorf("news: %q", n.lines()); return nil }
}

// A sync with nothing new, in process: with the store open, and as a command
// does it, from finding the repository on. The yardstick is a git process.
func BenchmarkSyncQuiet(b *testing.B) {
	for _, entries := range []int{10, 2000} {
		s := newSwarm(b, "A", "B")
		for i := range entries {
			s.say("B", strconv.Itoa(i))
		}
		s.send("B", "A", "hello")
		s.sync("A")
		name := strconv.Itoa(entries) + "-entries/"
		b.Run(name+"open-store", s.benchSync)
		b.Run(name+"new-store", s.benchOpenAndSync)
		s.Git("pack-refs", "--all")
		b.Run(name+"new-store-packed-refs", s.benchOpenAndSync)
		b.Run(name+"git-rev-parse", func(b *testing.B) {
			for b.Loop() {
				if err := exec.Command("git", "-C", s.Dir, "rev-parse", ContextRef).Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func (s *swarm) benchSync(b *testing.B) {
	show := noNews(b)
	for b.Loop() {
		if err := s.Sync(bg, "A", show); err != nil {
			b.Fatal(err)
		}
	}
}

func (s *swarm) benchOpenAndSync(b *testing.B) {
	show := noNews(b)
	for b.Loop() {
		other, err := openDir(s.Dir, refstore.Options{Now: s.clock.Now})
		if err == nil {
			err = other.Sync(bg, "A", show)
		}
		if err != nil {
			b.Fatal(err)
		}
		other.Store().Close()
	}
}

// A message and the sync that shows it, each with its commit.
func BenchmarkSendAndSync(b *testing.B) {
	s := newSwarm(b, "A", "B")
	for b.Loop() {
		s.send("A", "B", "hello")
		if s.sync("B") == nil {
			b.Fatal("nothing new")
		}
	}
}
