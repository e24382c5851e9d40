package repo_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// typical is a ~/.gitconfig of some 40 lines.
func typical() string {
	var b strings.Builder
	b.WriteString("[user]\n\tname = Ann Example\n\temail = ann@example.com\n[init]\n\tdefaultBranch = main\n[pull]\n\trebase = true\n[alias]\n")
	for i := range 24 {
		fmt.Fprintf(&b, "\talias%d = \"!f() { git log --oneline -n \\\"$1\\\"; }; f\"\n", i)
	}
	b.WriteString("[core]\n\teditor = vim\n\tpager = less -FRX\n[color]\n\tui = auto\n[push]\n\tdefault = simple\n[rerere]\n\tenabled = true\n")
	return b.String()
}

func benchPlace(b *testing.B) *place {
	p := newPlace(b)
	p.repo("r")
	p.git("r", "worktree", "add", "-q", "../w")
	p.mkdir("r/a/b/c")
	p.write("home/.gitconfig", typical())
	return p
}

func BenchmarkDiscover(b *testing.B) {
	p := benchPlace(b)
	for _, in := range []string{"r", "w", "r/a/b/c"} {
		b.Run(in, func(b *testing.B) {
			b.Chdir(p.path(in))
			for b.Loop() {
				if _, err := repo.Discover(p.env, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkReadInProcess(b *testing.B) {
	p := benchPlace(b)
	b.Chdir(p.path("w"))
	for b.Loop() {
		r, err := repo.Discover(p.env, "")
		if err != nil {
			b.Fatal(err)
		}
		if ok, why := r.ReadInProcess(); !ok {
			b.Fatal(why)
		}
	}
}

// BenchmarkInProcess and the next include Discover: a Repo reads once.
func BenchmarkInProcess(b *testing.B) {
	p := benchPlace(b)
	b.Chdir(p.path("w"))
	for b.Loop() {
		r, err := repo.Discover(p.env, "")
		if err != nil {
			b.Fatal(err)
		}
		if ok, why := r.InProcess(); !ok {
			b.Fatal(why)
		}
	}
}

func BenchmarkConfig(b *testing.B) {
	p := benchPlace(b)
	b.Chdir(p.path("r"))
	for _, c := range []struct{ name, setting string }{{"in process", "A=b"}, {"through git", "GIT_CONFIG_COUNT=0"}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				r, err := repo.Discover(p.env.With(c.setting), "")
				if err != nil {
					b.Fatal(err)
				}
				if _, err := r.Config(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkGit is the yardstick.
func BenchmarkGit(b *testing.B) {
	p := benchPlace(b)
	for b.Loop() {
		cmd := exec.Command("git", "rev-parse", "HEAD")
		cmd.Dir, cmd.Env = p.path("r"), p.env
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
	}
}
