package land

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// runTime is LANDING_TIMES: how long the verify command takes.
func runTime(t *testing.T) time.Duration {
	t.Helper()
	long, err := time.ParseDuration(os.Getenv("LANDING_TIMES"))
	if err != nil {
		t.Skip("LANDING_TIMES is no duration, such as 10s: it measures, on a machine that has nothing else to do")
	}
	return long
}

// TestTrainTimes: real processes, a command that takes its time, and how long all of
// them take, in runs of that command; that is what the guide promises. LANDING_TIMES is how
// long a run takes: the longer, the less a slow machine counts. The command has run here
// before, so those who come while it has only begun are taken in.
func TestTrainTimes(t *testing.T) {
	long := runTime(t)
	for name, c := range map[string]struct {
		sessions, culprit int
		named, within     float64 // runs until the culprit is refused, and until all have ended
	}{
		"one alone":             {1, -1, 0, 1.3},
		"6 sessions":            {6, -1, 0, 2.3},
		"20 sessions":           {20, -1, 0, 2.5},
		"one culprit among 8":   {8, 4, 6, 8},
		"the first is culprit":  {8, 0, 6, 8},
		"the last is a culprit": {8, 7, 6, 8},
	} {
		t.Run(name, func(t *testing.T) {
			y := newYard(t, c.sessions)
			if err := y.gate.Release(t.Context()); err != nil {
				t.Fatal(err)
			}
			if c.culprit >= 0 {
				y.fields[c.culprit].commit("bad", "bad", "x\n")
			}
			verify := fmt.Sprintf("sleep %d; ! test -e bad", int(long.Seconds()))
			l := y.fields[0].lander()
			l.Verify = verify
			l.rememberTime(long)
			began := time.Now()
			var all sync.WaitGroup
			ends := make([]float64, len(y.fields))
			refused := make([]bool, len(y.fields))
			for i, f := range y.fields {
				push := f.landing("push")
				push.Env = append(push.Env, verifyEnv+"="+verify)
				push.start()
				all.Go(func() {
					push.end()
					ends[i], refused[i] = float64(time.Since(began))/float64(long), push.ProcessState.ExitCode() != 0
				})
			}
			all.Wait()
			for i := range ends {
				if refused[i] != (i == c.culprit) {
					t.Errorf("%s: refused %v", y.fields[i].id, refused[i])
				}
			}
			took := slices.Max(ends)
			t.Logf("%.2f runs", took)
			if took > c.within {
				t.Errorf("%.2f runs, more than %.2f", took, c.within)
			}
			if c.culprit < 0 {
				return
			}
			t.Logf("named after %.2f", ends[c.culprit])
			if ends[c.culprit] > c.named {
				t.Errorf("named after %.2f, more than %.2f", ends[c.culprit], c.named)
			}
		})
	}
}

// TestTrainThroughput measures how many changes land in the time of one run of the verify
// command, where one in ten is bad: one after the other, and all at once.
func TestTrainThroughput(t *testing.T) {
	long := runTime(t)
	for _, serial := range []bool{true, false} {
		t.Run(fmt.Sprintf("serial %v", serial), func(t *testing.T) {
			y := newYard(t, 10)
			if err := y.gate.Release(t.Context()); err != nil {
				t.Fatal(err)
			}
			y.fields[6].commit("bad", "bad", "x\n")
			verify := fmt.Sprintf("sleep %d; ! test -e bad", int(long.Seconds()))
			l := y.fields[0].lander()
			l.Verify = verify
			l.rememberTime(long)
			began := time.Now()
			var pushes []*landing
			for _, f := range y.fields {
				push := f.landing("push")
				push.Env = append(push.Env, verifyEnv+"="+verify)
				push.start()
				if serial {
					push.end()
				}
				pushes = append(pushes, push)
			}
			landed := 0
			for _, push := range pushes {
				push.end()
				if push.ProcessState.ExitCode() == 0 {
					landed++
				}
			}
			runs := float64(time.Since(began)) / float64(long)
			t.Logf("%d landed in %.2f runs: %.2f a run", landed, runs, float64(landed)/runs)
			if landed != 9 {
				t.Errorf("%d landed", landed)
			}
		})
	}
}

// TestTrainBesideGit measures 20 sessions that land one commit each at once, without a
// verify command, and 20 loops of git pull --rebase && git push in worktrees of their own.
func TestTrainBesideGit(t *testing.T) {
	runTime(t)
	for _, plain := range []bool{true, false} {
		t.Run(fmt.Sprintf("plain git %v", plain), func(t *testing.T) {
			y := newYard(t, 20)
			if err := y.gate.Release(t.Context()); err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			var failed atomic.Int32
			began := time.Now()
			for _, f := range y.fields {
				all.Go(func() {
					if !plain {
						push := f.landing("push").start()
						if push.end(); push.ProcessState.ExitCode() != 0 {
							failed.Add(1)
						}
						return
					}
					for {
						_, err := tryLandGit(f.dir, "pull", "-q", "--rebase", "origin", "main")
						if err == nil {
							_, err = tryLandGit(f.dir, "push", "-q", "origin", "HEAD:main")
						}
						if err == nil {
							return
						}
						failed.Add(1)
					}
				})
			}
			all.Wait()
			t.Logf("%.1f s, %d failed tries", time.Since(began).Seconds(), failed.Load())
			if !plain && failed.Load() > 0 {
				t.Error("a push failed")
			}
			if got := len(y.hubLog("main")); got != 21 {
				t.Errorf("%d commits", got)
			}
		})
	}
}
