package land

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// landHere pushes the branch checked out here, as git swarm push does, and
// returns an exit code: 3 if it was interrupted, 1 if it was refused.
func landHere(id string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := func() error {
		r, err := repo.Discover(os.Environ(), "")
		if err != nil {
			return err
		}
		store := refstore.Open(r, refstore.Options{})
		defer store.Close()
		b := bus.New(store)
		l := &Lander{Repo: r, Bus: b, Lock: lock.NewPushLock(b, lock.LeaseTime), Claims: lock.NewClaims(b, time.Hour, false), Session: id}
		target, err := r.FindTarget(ctx, repo.TargetQuery{Branch: "HEAD"})
		if err != nil {
			return err
		}
		if os.Getenv(landingVerb) == "pull" {
			_, err = l.Pull(ctx, target)
			return err
		}
		landed, err := l.Push(ctx, target, lock.Wait{Timeout: time.Minute})
		if err == nil {
			err = landed.Stayed
		}
		return err
	}()
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled):
		return 3
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// landingVerb is "pull" for processes that pull.
const landingVerb = "SWARM_TEST_LANDING_VERB"

// process is a push in a process of its own, which leads its process group.
func (f *field) process(env ...string) *exec.Cmd {
	f.Helper()
	self, err := os.Executable()
	if err != nil {
		f.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Dir = f.dir
	cmd.Env = append(append(os.Environ(), landingVar+"="+f.id), env...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// awaitFile waits for a file that a hook makes.
func awaitFile(t testing.TB, path string) {
	t.Helper()
	for range 600 {
		if _, err := os.Lstat(path); err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s never came", path)
}
