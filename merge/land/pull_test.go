package land

import (
	"errors"
	"fmt"
	"testing"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestPull: a fast-forward, a rebase, nothing new, no such branch.
func TestPull(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	changeB(b)
	b.push()
	if landed := a.pull(); landed.Rebased || landed.Commits != 1 || a.read("B") != "changed\n" {
		t.Errorf("%+v", landed)
	}
	if landed := a.pull(); landed.Commits != 0 || landed.Before != landed.After {
		t.Errorf("%+v", landed)
	}
	a.commit("by A", "A", "changed\n")
	if landed := a.pull(); landed.Commits != 0 || landed.Rebased {
		t.Errorf("ahead: %+v", landed)
	}
	b.commit("more by B", "B", "changed again\n")
	b.push()
	if landed := a.pull(); !landed.Rebased || landed.Commits != 1 {
		t.Errorf("%+v", landed)
	}
	a.fresh()
	a.linear("by B", "more by B")
	var none *NoBranchError
	if _, err := a.lander().Pull(t.Context(), repo.Target{Remote: "origin", Branch: "nowhere"}); !errors.As(err, &none) {
		t.Errorf("%v", err)
	}
}

// TestPullConflict changes nothing, and marks nobody.
func TestPullConflict(t *testing.T) {
	t.Parallel()
	_, b := inConflict(t)
	b.wip2()
	err := b.unchanged(b.tryPull)
	var conflict *ConflictError
	if !errors.As(err, &conflict) || b.session().Status != bus.Running {
		t.Errorf("%v, %+v", err, b.session())
	}
}

// TestPullNeedsNoLock: a pull goes on while another session pushes.
func TestPullNeedsNoLock(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	grant, _, err := b.lander().Lock.Acquire(t.Context(), "B", lock.Wait{})
	if err != nil {
		t.Fatal(err)
	}
	if landed, err := a.tryPull(); err != nil {
		t.Errorf("%+v, %v", landed, err)
	}
	if err := grant.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestPullInterrupted: a pull that is interrupted, or killed, leaves all as it was.
func TestPullInterrupted(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"fetch", "rebase"} {
		for _, kill := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, killed %v", moment, kill), func(t *testing.T) {
				t.Parallel()
				a, b := oneField(t)
				changeB(b)
				b.push()
				a.commit("by A", "A", "changed\n")
				a.write("base", "not committed\n")
				a.breakOff(moment, kill)
				if status := a.git("status", "--porcelain"); status != " M base" {
					t.Errorf("status %q", status)
				}
				release(a)
				if landed := a.pull(); !landed.Rebased {
					t.Errorf("%+v", landed)
				}
				if status := a.git("status", "--porcelain"); status != " M base" {
					t.Errorf("status %q", status)
				}
			})
		}
	}
}
