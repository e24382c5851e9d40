package land

import (
	"errors"
	"fmt"
	"testing"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// TestCheckDeletions: all files, or over half of twenty or more; renames are none.
func TestCheckDeletions(t *testing.T) {
	t.Parallel()
	_, fields := newGround(t, "A")
	f := fields[0]
	var text string
	for i := range 30 {
		text += fmt.Sprintf("line %d\n", i)
	}
	fill := func(n int) {
		f.git("rm", "-rqf", "--ignore-unmatch", ".")
		for i := range n {
			f.write(fmt.Sprintf("f%02d", i), text+fmt.Sprint(i))
		}
		f.git("add", ".")
		f.git("commit", "-qm", "fill")
	}
	for _, c := range []struct {
		files, remove int
		rename        bool
		of            int // 0: may pass
	}{
		{files: 1, remove: 1, of: 1},
		{files: 1, rename: true},
		{files: 5, remove: 5, of: 5},
		{files: 5, remove: 4},
		{files: 19, remove: 18},
		{files: 20, remove: 10},
		{files: 20, remove: 11, of: 11},
		{files: 30, rename: true},
	} {
		fill(c.files)
		for i := range c.files {
			name := fmt.Sprintf("f%02d", i)
			if c.rename {
				f.git("mv", name, "moved-"+name)
			} else if i < c.remove {
				f.git("rm", "-q", name)
			}
		}
		f.write("new", "new\n")
		f.git("add", "new")
		staged := CheckDeletions(t.Context(), f.repo(), "HEAD", "")
		here := CheckFiles(t.Context(), f.repo(), f.dir, nil)
		f.git("commit", "-qm", "change")
		for _, err := range []error{staged, here, CheckDeletions(t.Context(), f.repo(), "HEAD^", "HEAD")} {
			var most *DeletionsError
			if errors.As(err, &most) != (c.of > 0) || c.of > 0 && *most != (DeletionsError{c.of, c.files}) {
				t.Errorf("%+v: %v", c, err)
			}
		}
	}
}

// TestPushRefusesDeletions: what deletes everything lands only if it is meant, and
// leaves the session blocked with the reason.
func TestPushRefusesDeletions(t *testing.T) {
	t.Parallel()
	g, fields := newGround(t, "A")
	f := fields[0]
	f.commit("work", "work", "text\n")
	f.push()
	before := g.hubLog("main")[0]
	f.git("read-tree", "--empty")
	f.write("new", "new\n")
	f.git("add", "new")
	f.git("commit", "-qm", "everything goes")
	var most *DeletionsError
	if _, err := f.tryPush(); !errors.As(err, &most) {
		t.Fatalf("%v", err)
	}
	if now := g.hubLog("main")[0]; now != before {
		t.Errorf("%s has landed", now)
	}
	if s := f.session(); s.Status != bus.Blocked || s.Note != "push: this deletes all files that are there (3)" {
		t.Errorf("%+v", s)
	}
	l := f.lander()
	l.AllowDeletions = true
	if _, err := l.Push(t.Context(), f.target(), lock.Wait{}); err != nil {
		t.Fatal(err)
	}
	if now := g.hubLog("main")[0]; now != "everything goes" {
		t.Errorf("%s is what stands there", now)
	}
}
