package land

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// ground is a bare remote, a clone of it, and a session in each of some
// worktrees of that clone.
type ground struct {
	testing.TB
	hub, app string
}

// field is a session's worktree.
type field struct {
	*ground
	dir, id string
	env     repo.Env
	gate    func(ctx context.Context, session, base, tip string) error // of its lander
}

// newGround makes the remote with a first commit: a file base, and one named
// after each session. Each session's worktree is on a branch of its own, whose
// upstream is the remote's main.
func newGround(t testing.TB, ids ...string) (*ground, []*field) {
	t.Helper()
	top := t.TempDir()
	copyGround(t, groundOf(t, ids), top, ids)
	g := &ground{t, filepath.Join(top, "hub.git"), filepath.Join(top, "app")}
	var fields []*field
	for _, id := range ids {
		fields = append(fields, &field{g, filepath.Join(top, id), id, os.Environ(), nil})
	}
	return g, fields
}

// grounds are made once for each set of sessions, and copied: that is ten git
// commands less for each test.
var grounds sync.Mutex

// groundOf is the folder with the ground to copy.
func groundOf(t testing.TB, ids []string) string {
	t.Helper()
	grounds.Lock()
	defer grounds.Unlock()
	top := filepath.Join(os.Getenv("HOME"), "ground-"+strings.Join(ids, "-"))
	if _, err := os.Stat(filepath.Join(top, "made")); err == nil {
		return top
	}
	g := &ground{t, filepath.Join(top, "hub.git"), filepath.Join(top, "app")}
	landGit(t, "", "init", "-q", "--bare", "--template=", g.hub)
	landGit(t, "", "init", "-q", "--template=", g.app)
	main := &field{g, g.app, "orchestrator", os.Environ(), nil}
	main.git("remote", "add", "origin", g.hub)
	main.write("base", "1\n2\n3\n4\n5\n6\n7\n8\n9\n")
	for _, id := range ids {
		main.write(id, "of "+id+"\n")
	}
	main.git("add", ".")
	main.git("commit", "-q", "-m", "start")
	main.git("push", "-q", "-u", "origin", "main")
	var wanted []bus.Registration
	for _, id := range ids {
		main.git("worktree", "add", "-q", "--track", "-b", "feat/"+id, filepath.Join(top, id), "origin/main")
		wanted = append(wanted, bus.Registration{ID: id, Workstream: id})
	}
	if _, err := main.bus().Register(t.Context(), wanted); err != nil {
		t.Fatal(err)
	}
	main.write("../made", "")
	return top
}

// copyGround copies a ground and sets its paths right.
func copyGround(t testing.TB, from, to string, ids []string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from+"/.", to).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v: %s", err, out)
	}
	paths := []string{"app/.git/config"}
	for _, id := range ids {
		paths = append(paths, id+"/.git", "app/.git/worktrees/"+id+"/gitdir")
	}
	for _, path := range paths {
		path = filepath.Join(to, path)
		content, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, []byte(strings.ReplaceAll(string(content), from, to)), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// oneField is a ground with sessions A and B, as both see it.
func oneField(t testing.TB) (a, b *field) {
	t.Helper()
	_, fields := newGround(t, "A", "B")
	return fields[0], fields[1]
}
