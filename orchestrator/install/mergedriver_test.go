package install_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// driven is a repository of its own, with nothing of the user's configuration.
func driven(t *testing.T) (r *repo.Repo, config string) {
	t.Helper()
	dir := t.TempDir()
	env := repo.Env(os.Environ()).With("HOME="+dir, "XDG_CONFIG_HOME="+dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+filepath.Join(dir, "global"))
	init := exec.Command("git", "init", "-q", dir)
	init.Env = env
	if out, err := init.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r, err := repo.Discover(env, dir)
	if err != nil {
		t.Fatal(err)
	}
	return r, filepath.Join(dir, ".git", "config")
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// again is the repository as a new command sees it.
func again(t *testing.T, r *repo.Repo) *repo.Repo {
	t.Helper()
	next, err := repo.Discover(r.Git(t.Context()).Env, r.WorkTree)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// TestMergeDriver: installed twice it is there once, and removed the
// configuration is what it was, whatever else was in it.
func TestMergeDriver(t *testing.T) {
	for _, before := range []string{
		"",
		"[merge]\n\tconflictStyle = diff3\n",
		"# of mine\n[merge \"mine\"]\n\tdriver = true\n[user] ; x\n\tname = Y\n",
		"[Merge]\n\tlog=true\n[merge \"git-swarmer\"]\n\tdriver = x\n",
	} {
		r, config := driven(t)
		was := content(t, config) + before
		if err := os.WriteFile(config, []byte(was), 0o666); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := install.InstallMergeDriver(t.Context(), again(t, r)); err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(content(t, config), "git-swarm merge-driver"); n != 1 {
				t.Errorf("after %q it is there %d times:\n%s", before, n, content(t, config))
			}
		}
		for range 2 {
			if err := install.RemoveMergeDriver(t.Context(), again(t, r)); err != nil {
				t.Fatal(err)
			}
			if now := content(t, config); now != was {
				t.Errorf("%q has become %q", was, now)
			}
		}
	}
}

// TestMergeDriverOfOthers: another driver stays, wherever it is set, and so does
// ours where the user has set it for all repositories.
func TestMergeDriverOfOthers(t *testing.T) {
	for _, scope := range []string{"--local", "--global"} {
		r, config := driven(t)
		set(t, r, scope, "merge.default", "mine")
		was := content(t, config)
		if err := install.InstallMergeDriver(t.Context(), again(t, r)); !errors.Is(err, install.ErrOtherDriver) {
			t.Errorf("%s: %v", scope, err)
		}
		if err := install.RemoveMergeDriver(t.Context(), again(t, r)); err != nil || content(t, config) != was {
			t.Errorf("%s: %v\n%s", scope, err, content(t, config))
		}
		set(t, r, scope, "merge.default", "git-swarm")
		if err := install.RemoveMergeDriver(t.Context(), again(t, r)); err != nil {
			t.Error(err)
		}
		if _, err := repo.Output(r.GitParsed(t.Context(), "config", scope, "merge.default")); (err == nil) != (scope == "--global") {
			t.Errorf("%s: %v", scope, err)
		}
	}
}

func set(t *testing.T, r *repo.Repo, args ...string) {
	t.Helper()
	if _, err := repo.Output(r.GitParsed(t.Context(), append([]string{"config"}, args...)...)); err != nil {
		t.Fatal(err)
	}
}

// TestMayJoin: agents may join by themselves for as long as hooks of any agent are
// installed.
func TestMayJoin(t *testing.T) {
	r, _ := driven(t)
	may := func(want bool) {
		t.Helper()
		if got, err := install.MayJoin(again(t, r)); err != nil || got != want {
			t.Errorf("may join: %v, %v", got, err)
		}
	}
	must := func(_ string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	add := func(c install.Claude) {
		t.Helper()
		path, _, err := c.Install(t.Context(), again(t, r))
		must(path, err)
	}
	local, shared := install.Claude{Command: "/opt/bin/git-swarm"}, install.Claude{Shared: true}
	may(false)
	add(local)
	may(true)
	add(shared)
	must(local.Remove(t.Context(), again(t, r)))
	may(true)
	add(local)
	must(shared.Remove(t.Context(), again(t, r)))
	may(true)
	must(local.Remove(t.Context(), again(t, r)))
	may(false)
}
