package hub_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/hub"
)

// The server's hook, asked by plain git: no ref of the swarm is deleted or moved back,
// and the branch moves only in a push in which the push lock is taken and given up.
func TestServerHook(t *testing.T) {
	t.Parallel()
	f := newField(t)
	c := f.clone
	c.Git("push", "-q", f.bare.Dir, "main")
	c.Must(os.MkdirAll(filepath.Join(f.bare.Dir, "hooks"), 0o777))
	c.Must(os.WriteFile(filepath.Join(f.bare.Dir, "hooks", "pre-receive"), []byte(hub.ServerHook("refs/swarm/", nil)), 0o777))
	commit := func(parent, subject string) string {
		args := []string{"commit-tree", "HEAD^{tree}", "-m", subject + "\n\nNumber: 1\nClone: desk\nFormat: 2"}
		if parent != "" {
			args = append(args, "-p", parent)
		}
		return c.Git(args...)
	}
	push := func(refused string, refs ...string) {
		t.Helper()
		before := f.bare.Git("for-each-ref")
		_, err := c.TryGit(append([]string{"push", "-q", "--atomic", "--force", f.bare.Dir}, refs...)...)
		switch {
		case refused == "" && err != nil:
			t.Errorf("%v: %v", refs, err)
		case refused != "" && (err == nil || !strings.Contains(err.Error(), "git swarm: "+refused)):
			t.Errorf("%v: %v, not %q", refs, err, refused)
		case refused != "" && f.bare.Git("for-each-ref") != before:
			t.Errorf("%v: the hub has %s", refs, f.bare.Git("for-each-ref"))
		}
	}
	one := commit("", "push lock: held by A")
	two := commit(one, "push lock: released by A")
	push("", one+":refs/swarm/claims")
	push("", two+":refs/swarm/claims")
	push("'refs/swarm/claims' is not moved back", one+":refs/swarm/claims")
	push("'refs/swarm/claims' is not moved back", string(f.tip)+":refs/swarm/claims")
	push("'refs/swarm/claims' is not deleted", ":refs/swarm/claims")
	push("", two+":refs/swarm/tips/A", two+":refs/swarm/probe")
	push("", one+":refs/swarm/tips/A", ":refs/swarm/probe")
	push("", string(f.tip)+":refs/heads/topic")
	push("", one+":refs/heads/topic")

	next := commit(string(f.tip), "work")
	push("'refs/heads/main' is moved by 'git swarm push'", next+":refs/heads/main")
	push("'refs/heads/main' is moved by 'git swarm push'", ":refs/heads/main")
	push("'refs/heads/main' is moved without the push lock", next+":refs/heads/main", one+":refs/swarm/locks")
	push("", next+":refs/heads/main", two+":refs/swarm/locks")

	taken := commit(two, "push lock: held by B, taken over from A")
	push("'refs/heads/main' is moved without the push lock", commit(next, "more")+":refs/heads/main", commit(taken, "push lock: released by A")+":refs/swarm/locks")
	push("", commit(next, "more")+":refs/heads/main", commit(taken, "push lock: released by B")+":refs/swarm/locks")
	push("'refs/swarm/locks' is not moved back", commit(next, "yet more")+":refs/heads/main", two+":refs/swarm/locks")
}

// Other branches than that of HEAD, and another prefix.
func TestServerHookElsewhere(t *testing.T) {
	t.Parallel()
	f := newField(t)
	c := f.clone
	c.Git("push", "-q", f.bare.Dir, "main", "main:release", "main:refs/heads/it's")
	c.Must(os.MkdirAll(filepath.Join(f.bare.Dir, "hooks"), 0o777))
	script := hub.ServerHook("refs/heads/swarm/", []string{"refs/heads/release", "refs/heads/it's"})
	c.Must(os.WriteFile(filepath.Join(f.bare.Dir, "hooks", "pre-receive"), []byte(script), 0o777))
	c.Git("commit", "-q", "--allow-empty", "-m", "two")
	c.Git("push", "-q", f.bare.Dir, "main", "main:refs/heads/swarm/claims", "main:refs/swarm/claims")
	for _, refs := range []string{"main:release", "main:it's", "main~1:refs/heads/swarm/claims"} {
		if _, err := c.TryGit("push", "-q", "--force", f.bare.Dir, refs); err == nil {
			t.Errorf("%s is pushed", refs)
		}
	}
	c.Git("push", "-q", "--force", f.bare.Dir, "main~1:refs/swarm/claims")
}
