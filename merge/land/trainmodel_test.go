package land

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// trainRounds is how many rounds the model has: LANDING_ROUNDS, or few.
func trainRounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("LANDING_ROUNDS")
	if text == "" {
		return 3
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestTrainModel: in each round all sessions push at once, some with a change that the
// verify command refuses, while processes are killed, stopped and woken at any moment.
// Then each session pushes once more. Whatever happened: every change that is no good is
// refused, every other has landed exactly once, the target is linear, each branch is
// where its work has landed, and nothing is left in the queue.
func TestTrainModel(t *testing.T) {
	t.Parallel()
	y := newYard(t, 5)
	if err := y.gate.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	const verify = verifyEnv + "=! test -e bad"
	var want []string
	for _, f := range y.fields {
		want = append(want, "by "+f.id)
	}
	for round := range trainRounds(t) {
		bad := -1
		if rand.IntN(2) == 0 {
			bad = rand.IntN(len(y.fields))
		}
		var pushes []*landing
		for i, f := range y.fields {
			subject := fmt.Sprintf("%s %d", f.id, round)
			f.commit(subject, f.id, subject+"\n")
			if i == bad {
				f.commit("bad", "bad", "x\n")
			} else {
				want = append(want, subject)
			}
			push := f.landing("push")
			push.Env = append(push.Env, verify, leaseEnv+"=2s")
			pushes = append(pushes, push.start())
		}
		for _, push := range pushes {
			time.Sleep(time.Duration(rand.IntN(400)) * time.Millisecond) // any moment
			switch rand.IntN(4) {
			case 0:
				push.signal(syscall.SIGKILL)
			case 1:
				push.signal(syscall.SIGSTOP)
				time.AfterFunc(3*time.Second, func() { push.signal(syscall.SIGCONT) })
			case 2:
				push.signal(syscall.SIGINT)
			}
		}
		for i, push := range pushes {
			if push.end(); i == bad && push.ProcessState.ExitCode() == 0 {
				t.Errorf("round %d: what is bad landed", round)
			}
		}
		if bad >= 0 { // it stays away, and what it was put upon goes with it
			f := y.fields[bad]
			f.git("reset", "-q", "--hard", "HEAD^")
			want = append(want, fmt.Sprintf("%s %d", f.id, round))
		}
		for _, f := range y.fields {
			push := f.landing("push")
			push.Env = append(push.Env, verify)
			if push.start().end(); push.ProcessState.ExitCode() != 0 {
				t.Errorf("round %d: at last, %s's push ends with %d", round, f.id, push.ProcessState.ExitCode())
			}
		}
		for _, f := range y.fields {
			f.git("fetch", "-q")
			if ahead := f.git("log", "--format=%s", "origin/main..HEAD"); ahead != "" || f.git("status", "--porcelain") != "" {
				t.Errorf("round %d: %s is ahead by %q", round, f.id, ahead)
			}
		}
		y.linear(want...)
		y.settled(nil)
		if t.Failed() {
			return
		}
	}
	landGit(t, y.app, "fsck", "--strict", "--no-dangling")
}
