package refstoretest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// GitoliteServer is gitolite behind a sshd of its own, for a few users.
type GitoliteServer struct {
	Host string // "user@127.0.0.1:port"
	sshd *sshd
	home string
}

// Gitolite starts gitolite with that configuration (gitolite.conf) in a folder of the
// test's, and lets those users in. It goes with the test, which is skipped where gitolite
// or sshd is not installed.
func Gitolite(t testing.TB, config string, users ...string) *GitoliteServer {
	t.Helper()
	program, err := exec.LookPath("gitolite")
	if err != nil {
		t.Skip("there is no gitolite: apt-get install gitolite3")
	}
	s := newSSHD(t)
	g := &GitoliteServer{Host: s.host, sshd: s, home: filepath.Join(s.dir, "gitolite")}
	gitolite := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Env = append(os.Environ(), g.environment()...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("gitolite %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	admin := filepath.Join(g.home, ".gitolite")
	for _, dir := range []string{"conf", "logs"} {
		if err := os.MkdirAll(filepath.Join(admin, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	config = "repo gitolite-admin\n    RW+ = admin\n" + config
	if err := os.WriteFile(filepath.Join(admin, "conf/gitolite.conf"), []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	gitolite("setup", "-a", "admin")
	shell := filepath.Join(gitolite("query-rc", "GL_BINDIR"), "gitolite-shell")
	for _, user := range users {
		s.key(user, fmt.Sprintf(`command="env %s %s %s"`, strings.Join(g.environment(), " "), shell, user), "no-pty")
	}
	s.start()
	return g
}

// environment keeps gitolite, and its git, away from what is the user's.
func (g *GitoliteServer) environment() []string {
	return []string{"HOME=" + g.home, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=admin", "GIT_AUTHOR_EMAIL=admin@example.com", "GIT_COMMITTER_NAME=admin", "GIT_COMMITTER_EMAIL=admin@example.com"}
}

// Options is the file of options (ssh -F) with which ssh logs in as that user.
func (g *GitoliteServer) Options(user string) string { return g.sshd.in(user + ".config") }

// Repository is the folder of a repository of the configuration.
func (g *GitoliteServer) Repository(name string) string {
	return filepath.Join(g.home, "repositories", name+".git")
}
