package repo_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestRefHere holds what is read of git's own files against what git says: refs that are
// loose, packed, both, symbolic, and names that stand for nothing.
func TestRefHere(t *testing.T) {
	p := newPlace(t)
	p.git("", "init", "-q", "app")
	p.git("app", "commit", "-q", "--allow-empty", "-m", "one")
	p.git("app", "branch", "packed")
	p.git("app", "branch", "deep/packed")
	p.git("app", "update-ref", "refs/remotes/o/main", "HEAD")
	p.git("app", "branch", "gone")
	p.git("app", "pack-refs", "--all")
	p.git("app", "branch", "-D", "gone")
	p.git("app", "commit", "-q", "--allow-empty", "-m", "two") // packed, and loose above it
	p.git("app", "branch", "loose")
	p.git("app", "branch", "deep/loose/er")
	for name, to := range map[string]string{"HEAD": "main", "TWICE": "HEAD", "DANGLES": "nothing"} {
		p.git("app", "symbolic-ref", "refs/remotes/o/"+name, "refs/remotes/o/"+to)
	}
	r := p.discover("app")
	head := p.git("app", "symbolic-ref", "HEAD")
	for _, ref := range []string{
		head, "refs/heads/packed", "refs/heads/deep/packed", "refs/heads/deep", "refs/heads/gone", "refs/heads/loose", "refs/heads/deep/loose/er",
		"refs/heads/packed/below", "refs/heads/acked", "refs/heads/", "refs/remotes/o/main", "refs/remotes/o/none",
	} {
		want, _ := p.try("app", "rev-parse", "--verify", "--quiet", ref) // nothing where it fails
		if got := r.RefHere(ref); got != strings.TrimSpace(want) {
			t.Errorf("%s is %q, and git says %q", ref, got, want)
		}
	}
	for _, ref := range []string{"refs/remotes/o/HEAD", "refs/remotes/o/TWICE", "refs/remotes/o/DANGLES", "HEAD", "refs/tags/x", "refs/heads/../../HEAD", ""} {
		if got := r.RefHere(ref); got != "" {
			t.Errorf("%s is %q", ref, got)
		}
	}
	p.git("app", "pack-refs", "--all")
	if err := os.WriteFile(filepath.Join(p.path("app"), ".git", filepath.FromSlash(head)), []byte("no id\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if got := r.RefHere(head); got != "" {
		t.Errorf("a damaged ref is %q", got)
	}
}

// Where work lands is found without git, in each way that a remote's default branch is
// known by; the file of the team alone is asked for.
func TestTargetInProcess(t *testing.T) {
	for name, arrange := range map[string]func(p *place){
		"loose":     func(*place) {},
		"packed":    func(p *place) { p.git("app", "pack-refs", "--all") },
		"no HEAD":   func(p *place) { p.git("app", "remote", "set-head", "origin", "-d") },
		"no remote": func(p *place) { p.git("app", "remote", "rm", "origin"); p.git("app", "branch", "-f", "main") },
	} {
		t.Run(name, func(t *testing.T) {
			p := targetGround(t)
			arrange(p)
			want, err := p.target(repo.TargetQuery{Branch: "HEAD"})
			if err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", t.TempDir()) // without git
			got, err := p.discover("app").FindTarget(context.Background(), repo.TargetQuery{Branch: "HEAD", TeamFile: func(context.Context, string) (*repo.TeamFile, error) { return new(repo.TeamFile), nil }})
			if err != nil || got != want {
				t.Errorf("%+v, %v, want %+v", got, err, want)
			}
		})
	}
}
