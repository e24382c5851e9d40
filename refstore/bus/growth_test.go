package bus_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// BenchmarkGrowth is a day of twenty busy sessions: 100,000 entries and as many
// syncs as there would be, in an otherwise ordinary repository, with git's own
// maintenance set off as in life. It reports what is left, and the longest that
// a session had to wait.
//
//	go test -run '^$' -bench Growth -benchtime 1x ./refstore/bus
//	SWARM_ENTRIES=5000 …    for a shorter day
func BenchmarkGrowth(b *testing.B) {
	entries := 100_000
	if n, err := strconv.Atoi(os.Getenv("SWARM_ENTRIES")); err == nil {
		entries = n
	}
	for b.Loop() {
		day(b, entries)
	}
}

func day(b *testing.B, entries int) {
	dir, ctx := b.TempDir(), context.Background()
	env := append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=You", "GIT_AUTHOR_EMAIL=you@example.com",
		"GIT_COMMITTER_NAME=You", "GIT_COMMITTER_EMAIL=you@example.com")
	git := func(args ...string) string {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			b.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	git("init", "-q", ".")
	git("commit", "-q", "--allow-empty", "-m", "start")
	r, err := repo.Discover(env, dir)
	if err != nil {
		b.Fatal(err)
	}
	clock := time.Unix(1_800_000_000, 0)
	all := bus.New(refstore.Open(r, refstore.Options{Now: func() time.Time { return clock }}))
	defer all.Store().Close()
	var sessions []bus.Registration
	for i := range 20 {
		sessions = append(sessions, bus.Registration{ID: fmt.Sprintf("S%02d", i), Workstream: fmt.Sprintf("w%02d", i)})
	}
	if _, err := all.Register(ctx, sessions); err != nil {
		b.Fatal(err)
	}
	longest := time.Duration(0)
	timed := func(f func() error) {
		began := time.Now()
		if err := f(); err != nil {
			b.Fatal(err)
		}
		longest = max(longest, time.Since(began))
	}
	for i := range entries {
		id := sessions[i%20].ID
		clock = clock.Add(24 * time.Hour / time.Duration(entries))
		timed(func() error {
			if i%2 == 0 {
				_, err := all.AddContext(ctx, id, "decision", fmt.Sprintf("entry %d, about as long as such entries are in practice", i))
				return err
			}
			_, err := all.Send(ctx, id, sessions[(i+7)%20].ID, fmt.Sprintf("message %d, about as long as such messages are in practice", i))
			return err
		})
		if i%10 == 9 { // a sync that has news, so that the cursor is replaced
			timed(func() error { return all.Sync(ctx, id, func(*bus.News) error { return nil }) })
		}
	}
	awaitMaintenance(dir)
	report(b, git("count-objects", "-v"))
	began := time.Now()
	git("status")
	b.ReportMetric(float64(time.Since(began).Milliseconds()), "git-status-ms")
	b.ReportMetric(float64(longest.Milliseconds()), "longest-ms")
	b.ReportMetric(0, "ns/op")
}

// awaitMaintenance waits for the git that was set off to end.
func awaitMaintenance(dir string) {
	for {
		_, err := os.Stat(filepath.Join(dir, ".git", "gc.pid"))
		if os.IsNotExist(err) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// report turns git count-objects -v into metrics.
func report(b *testing.B, text string) {
	values := map[string]float64{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		values[key], _ = strconv.ParseFloat(value, 64)
	}
	b.ReportMetric(values["count"], "loose-objects")
	b.ReportMetric(values["packs"], "packs")
	b.ReportMetric((values["size"]+values["size-pack"])/1024, "MB")
}
