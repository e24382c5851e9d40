package app

import (
	"bufio"
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock/task"
)

// A line of JSON that taskLines makes is the one that encoding/json makes of a task.
func TestTaskLines(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	pick := func(texts ...string) string { return texts[random.IntN(len(texts))] }
	some := func() string { return pick("", "src/a.go", `a "quoted" \ word`, "<b>&", "\u2028", "é", "\u202e") }
	times := []time.Time{{}, time.Unix(1700000000, 0), time.Unix(1700000001, 0).UTC()}
	when := func() time.Time { return times[random.IntN(len(times))] }
	var got, want bytes.Buffer
	lines := taskLines{list: &listing{out: bufio.NewWriter(&got), columns: text.Columns{Heading: []string{"No"}}, json: true}}
	for range 2000 {
		one := &task.Task{
			Number: random.IntN(1000), Title: some(), State: task.States[random.IntN(len(task.States))], Priority: random.IntN(5),
			For: some(), Added: when(), AddedBy: some(), Holder: some(), Since: when(), Epoch: random.IntN(3), Part: random.IntN(2) == 0,
			Ended: when(), Why: some(), Tries: random.IntN(3), Waits: random.IntN(3), Passed: random.IntN(3), Revision: random.IntN(3),
		}
		for range random.IntN(3) {
			one.After = append(one.After, random.IntN(100))
			one.Files = append(one.Files, some())
			one.Commits = append(one.Commits, task.Commit{ID: pick("aa", "bb"), Reverted: pick("", "cc")})
		}
		if !lines.add(one, nil) {
			t.Fatal(lines.list.err)
		}
		if err := writeObject(&want, "task", jsonTask(one)); err != nil {
			t.Fatal(err)
		}
	}
	if err := lines.list.end(); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(want.String()) {
		if said, _ := got.ReadString('\n'); said != line {
			t.Fatalf("it printed\n%swant\n%s", said, line)
		}
	}
}

// An open task names what it waits for and has not landed, whichever comes first in the
// list.
func TestTaskNote(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	lines := taskLines{now: now}
	landed := func(n int) bool { return n == 2 || n == 9 }
	for want, one := range map[string]task.Task{
		"after #1 and #4":                     {State: task.Open, After: []int{1, 2, 4, 9}},
		"added 10 min ago, for codex":         {State: task.Ready, Added: now.Add(-10 * time.Minute), For: "codex"},
		"added 1 s ago, 1 waits":              {State: task.Ready, Added: now.Add(-time.Second), Waits: 1},
		"added 2 s ago, 3 wait":               {State: task.Ready, Added: now.Add(-2 * time.Second), Waits: 3},
		"A, for 5 min, in part landed":        {State: task.Review, Holder: "A", Since: now.Add(-5 * time.Minute), Part: true},
		"just now":                            {State: task.Landed, Ended: now},
		strings.Repeat("b", 10) + ", 3 s ago": {State: task.Landed, Ended: now.Add(-3 * time.Second), Commits: []task.Commit{{ID: strings.Repeat("b", 40)}}},
		"why not":                             {State: task.Dropped, Why: "why not"},
	} {
		if got := lines.note(&one, landed); got != want {
			t.Errorf("%s: %q, want %q", one.State, got, want)
		}
	}
}
