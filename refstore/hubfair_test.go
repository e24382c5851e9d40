package refstore

import (
	"context"
	"testing"
	"time"
)

// A clone that has lost two races in a row asks the others to yield, once; who has read
// that lets it go first after a change of its own, and no longer than it has asked for.
func TestHubFair(t *testing.T) {
	h := newFakeHub(21)
	_, sa := h.clone(t, "desk")
	_, sb := h.clone(t, "lap")
	n := 0
	h.beaten = func(updates []HubUpdate) bool {
		if updates[0].Ref == "from/lap" { // what asks is this clone's alone
			return false
		}
		n++
		return n <= 3
	}
	if _, err := take(sb, "B", "push", "late", ""); err != nil {
		t.Fatal(err)
	}
	h.beaten = nil
	said := bodies(t, sb, "refs/swarm/from/lap")
	if len(said) != 2 {
		t.Fatalf("%q", said)
	}
	if needs, ok := yielding(said[1]); !ok || needs > 60_000 {
		t.Errorf("lap says %q", said[1])
	}
	mustRefresh(t, sa)
	rivals := sa.hubPast().rivals
	if len(rivals) != 1 || rivals[0].clone != "lap" || !rivals[0].went {
		t.Fatalf("%+v", rivals)
	}
}

// Who yields, to whom and for how long.
func TestHubYield(t *testing.T) {
	var f hubFairness
	f.hear("lap", 300, 1000)
	f.won(1100)
	for _, step := range []struct {
		what string
		do   func()
		now  int64
		want int64 // milliseconds
	}{
		{"after a change of its own", func() {}, 1200, 200},
		{"another clone has made one", func() { f.goes("tower", 1200) }, 1200, 300},
		{"who has lost twice yields to nobody", func() { f.lose(1200); f.lose(1210) }, 1210, 0},
		{"it was remembered meanwhile", func() { f = decodeFairness(f.encode()); f.lost = 0 }, 1210, 290},
		{"the one that asked has made its change", func() { f.goes("lap", 1300) }, 1300, 0},
		{"the next change of its own", func() { f.won(1400) }, 1400, 300},
		{"in vain", func() {}, 1700, 0},
		{"then no more", func() { f.won(1800) }, 1800, 0},
		{"more than can be asked for", func() { f.hear("lap", 1<<30, 2000) }, 2000, 5000},
		{"the clock was set back", func() {}, 1000, 0},
		{"asked for again, within the minute", func() { f.hear("lap", 300, 2000); f.won(61_990) }, 61_990, 300},
		{"the minute is over", func() { f.won(62_001) }, 62_001, 0},
	} {
		step.do()
		if got := f.yield(step.now).Milliseconds(); got != step.want {
			t.Errorf("%s: %d ms, not %d", step.what, got, step.want)
		}
	}
}

// A command that has little time, as a hook has, yields for a part of it.
func TestHubYieldInHaste(t *testing.T) {
	t.Parallel()
	h := newFakeHub(22)
	r, s := h.clone(t, "desk")
	turn, err := s.hubTurn(bg)
	if err != nil {
		t.Fatal(err)
	}
	turn.past.hear("lap", maxYield.Milliseconds(), time.Now().UnixMilli())
	turn.remember()
	turn.end()
	ctx, cancel := context.WithTimeout(bg, maxYield-time.Second)
	defer cancel()
	began := time.Now()
	if err := h.open(t, r, "desk", Options{}).Update(ctx, "A", func(tx *Tx) error {
		_, err := tx.Record("refs/swarm/locks", Entry{Body: "w"})
		return err
	}); err != nil {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}
