package repo_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// place is a directory for one test, with a home of its own, and the environment there.
type place struct {
	t   testing.TB
	dir string
	env repo.Env
}

func newPlace(t testing.TB) *place {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t, dir, repo.Env{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + filepath.Join(dir, "home"),
		"GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
	}}
	p.write("home/.gitconfig", "[user]\n\tname = Ann\n\temail = ann@example.com\n[init]\n\tdefaultBranch = main\n[protocol \"file\"]\n\tallow = always\n")
	return p
}

func (p *place) path(name string) string { return filepath.Join(p.dir, name) }

func (p *place) write(name, content string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path(name)), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.path(name), []byte(content), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) mkdir(name string) {
	p.t.Helper()
	if err := os.MkdirAll(p.path(name), 0o755); err != nil {
		p.t.Fatal(err)
	}
}

// try runs git, the witness, in a sub-folder of the place.
func (p *place) try(in string, args ...string) (string, error) {
	there := &place{p.t, p.dir, p.env.With("PWD=" + p.path(in))}
	return there.tryAt(p.path(in), args...)
}

// tryAt is as try, with PWD as it is in the environment. The witness is the git
// that the environment's PATH leads to, for two gits may have two system files.
func (p *place) tryAt(dir string, args ...string) (string, error) {
	witness := "git"
	for _, dir := range filepath.SplitList(p.env.Get("PATH")) {
		if path, err := exec.LookPath(filepath.Join(dir, "git")); err == nil {
			witness = path
			break
		}
	}
	cmd := exec.Command(witness, args...)
	cmd.Dir, cmd.Env = dir, p.env
	out, err := cmd.Output()
	return string(out), err
}

func (p *place) git(in string, args ...string) string {
	p.t.Helper()
	out, err := p.try(in, args...)
	if err != nil {
		stderr := ""
		if exit, ok := err.(*exec.ExitError); ok {
			stderr = string(exit.Stderr)
		}
		p.t.Fatalf("git %s in %s: %v\n%s", strings.Join(args, " "), in, err, stderr)
	}
	return strings.TrimSuffix(out, "\n")
}

// repo is a new repository with one commit.
func (p *place) repo(in string, initArgs ...string) {
	p.t.Helper()
	p.mkdir(in)
	p.git(in, append([]string{"init", "-q"}, initArgs...)...)
	p.git(in, "commit", "-q", "--allow-empty", "-m", "first")
}

func (p *place) discover(in string) *repo.Repo {
	p.t.Helper()
	r, err := repo.Discover(p.env, p.path(in))
	if err != nil {
		p.t.Fatalf("discover in %s: %v", in, err)
	}
	return r
}

var ctx = context.Background()

func (p *place) remove(name string) {
	if err := os.RemoveAll(p.path(name)); err != nil {
		p.t.Fatal(err)
	}
}
