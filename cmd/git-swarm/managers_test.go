package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestHookManagers has the real husky, lefthook and pre-commit install their hooks, in
// the main checkout of a repository with a linked worktree, before and after ours: theirs
// refuse what they refuse, ours what another session claims, and uninit leaves theirs.
// They are those that .ci/run has installed, or that are on PATH.
func TestHookManagers(t *testing.T) {
	t.Parallel()
	for _, m := range []struct {
		name    string
		install []string          // in the repository
		again   []string          // as people, and npm, do it later
		files   map[string]string // theirs refuse a file with SECRET in it
		each    bool              // it is installed in each worktree
		over    bool              // again puts theirs in the place of ours
	}{
		{
			name: "husky", install: []string{"husky"}, again: []string{"husky"}, each: true,
			files: map[string]string{"package.json": "{}\n", ".husky/pre-commit": "! git grep --cached -q SEC[R]ET\n"},
		},
		{
			name: "lefthook", install: []string{"lefthook", "install"}, again: []string{"lefthook", "install", "--force"}, over: true,
			files: map[string]string{"lefthook.yml": "pre-commit:\n  commands:\n    secret:\n      run: \"! git grep --cached -q SEC[R]ET\"\n"},
		},
		{
			name: "pre-commit", install: []string{"pre-commit", "install"},
			files: map[string]string{".pre-commit-config.yaml": "repos:\n- repo: local\n  hooks:\n  - id: secret\n    name: secret\n    language: system\n    pass_filenames: false\n    always_run: true\n    entry: sh -c '! git grep --cached -q SEC[R]ET'\n"},
		},
	} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			bin := managerPath(t, m.name)
			s := newRepository(t)
			s.env[0] = "PATH=" + bin + ":" + s.env[0][len("PATH="):]
			manager := func(dir string, argv []string) {
				s.run(dir, append([]string{filepath.Join(bin, argv[0])}, argv[1:]...)...)
			}
			for name, content := range m.files {
				file(t, filepath.Join(s.app, name), content)
			}
			file(t, filepath.Join(s.app, "claimed.txt"), "x\n")
			s.run(s.app, "git", "add", ".")
			s.run(s.app, "git", "commit", "-q", "-m", "project")
			manager(s.app, m.install)
			config := s.run(s.app, "cat", ".git/config")
			s.run(s.app, "git", "swarm", "init", "--sessions", "A:front B:back", "--worktrees", "--git-hooks")
			s.run(s.app, "git", "swarm", "--session", "B", "claim", "claimed.txt")
			if m.each {
				manager(s.place("A"), m.install)
			}
			bothRefuse := func(when string) {
				t.Helper()
				for _, dir := range []string{s.app, s.place("A")} {
					s.refuses(dir, when+": theirs, in "+dir, "new.txt", "SECRET\n", "")
					s.refuses(dir, when+": ours, in "+dir, "claimed.txt", "changed\n", "'claimed.txt' is claimed by B")
				}
			}
			bothRefuse("at first")
			if m.again != nil {
				manager(s.app, m.again)
				out, err := s.try(s.app, "git", "swarm", "doctor")
				if noticed := err != nil && strings.Contains(out, "pre-commit of git swarm's does not run"); noticed != m.over {
					t.Errorf("doctor: %v\n%s", err, out)
				}
				s.run(s.app, "git", "swarm", "init", "--git-hooks")
				bothRefuse("installed again")
			}
			s.run(s.app, "git", "swarm", "--session", "B", "unclaim", "--all")
			s.run(s.app, "git", "swarm", "uninit")
			if after := s.run(s.app, "cat", ".git/config"); after != config {
				t.Errorf("the configuration is %q, not %q", after, config)
			}
			s.refuses(s.app, "after uninit: theirs", "new.txt", "SECRET\n", "")
			file(t, filepath.Join(s.app, "new.txt"), "fine\n")
			s.run(s.app, "git", "add", "new.txt")
			s.run(s.app, "git", "commit", "-q", "-m", "fine")
		})
	}
}

// refuses stages a change and expects that it cannot be committed, with said in the
// refusal; then it takes the change back.
func (s *swarmOf) refuses(dir, what, name, content, said string) {
	s.t.Helper()
	file(s.t, filepath.Join(dir, name), content)
	s.run(dir, "git", "add", name)
	out, err := s.try(dir, "git", "commit", "-q", "-m", "x")
	if err == nil || !strings.Contains(out, said) || said == "" && strings.Contains(out, "is claimed by") {
		s.t.Errorf("%s: %v\n%s", what, err, out)
	}
	s.run(dir, "git", "reset", "-q", "--hard")
}

func file(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// managerPath is the folder of the manager's program.
func managerPath(t *testing.T, name string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("short: no hook manager is started")
	}
	if cache, err := os.UserCacheDir(); err == nil {
		for _, dir := range []string{"node_modules/.bin", "python/bin"} {
			dir := filepath.Join(cache, "git-swarm-test", dir)
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				return dir
			}
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip(name + " is not installed for tests: .ci/run does that")
	}
	return filepath.Dir(path)
}
