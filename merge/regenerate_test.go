package merge

import (
	"archive/zip"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/merge/heal"
)

// TestParseRegenerate: which values are a pattern and a command, and which files are meant.
func TestParseRegenerate(t *testing.T) {
	for _, bad := range []string{"", "go.sum", ": make", "go.sum:", "go.sum: ", "[: make", "/go.sum: make", "./go.sum: make", "../go.sum: make", ".: make", "web/: make", "web//go.sum: make", "**/go.sum: make", "web/**: make", "a\\:b: make", "a: b\x00"} {
		if c, ok := ParseRegenerate(bad); ok {
			t.Errorf("%q is %+v", bad, c)
		}
	}
	for _, c := range []struct {
		value, file, line string
		matches           bool
	}{
		{"go.sum: go mod tidy", "go.sum", "go mod tidy", true},
		{"go.sum: go mod tidy", "tools/go.sum", "go mod tidy", true},
		{"go.sum:a:b", "x/ago.sum", "a:b", false},
		{"web/*.lock: x", "web/a.lock", "x", true},
		{"web/*.lock: x", "a.lock", "x", false},
		{"web/*.lock: x", "web/deep/a.lock", "x", false},
		{"a?b.lock: x", "web/a:b.lock", "x", true},
	} {
		got, ok := ParseRegenerate(c.value)
		if !ok || got.Line != c.line || got.Matches(c.file) != c.matches {
			t.Errorf("%q: %+v, %v; for %s: %v", c.value, got, ok, c.file, got.Matches(c.file))
		}
	}
	g := Regenerator{Commands: []RegenerateCommand{{"*.lock", "general"}, {"a.lock", "special"}}}
	if line, ok := g.command("x/a.lock"); line != "special" || !ok {
		t.Errorf("of two that match %q counts", line)
	}
}

// dependencies is a checkout that has stopped with the list web/deps and what is made of it,
// web/all.lock, in conflict; and the file other, if our version of it is given.
func dependencies(t *testing.T, other string) *checkout {
	t.Helper()
	c := newCheckout(t)
	c.Write(".gitignore", "cache/\n")
	c.Write("other", "0\n")
	list := func(lines map[int]string) {
		c.Write("web/deps", nine(lines))
		c.Write("web/all.lock", "made of\n"+nine(lines))
	}
	list(nil)
	c.Git("add", "-A")
	c.Commit("deps")
	c.Git("checkout", "-q", "-b", "topic")
	list(map[int]string{1: "theirs"})
	if other != "" {
		c.Write("other", "theirs\n")
	}
	c.Git("commit", "-qam", "theirs")
	c.Git("checkout", "-q", "main")
	list(map[int]string{2: "ours"})
	if other != "" {
		c.Write("other", other)
	}
	c.Git("commit", "-qam", "ours")
	c.stop("merge")
	return c
}

const makeLock = "(echo made of; cat deps) > all.lock"

func (c *checkout) regenerate(line string, limit time.Duration) (*Healed, error) {
	c.Helper()
	all, err := (&Checkout{
		Git: c.repo().GitParsed, Options: heal.Options{},
		Regenerate: &Regenerator{Commands: []RegenerateCommand{{"*.lock", line}}, Limit: limit},
	}).Heal(c.Context(), nil)
	for i := range all {
		if all[i].Path == "web/all.lock" {
			return &all[i], err
		}
	}
	return nil, err
}

// TestRegenerate: what a command makes of the healed list is written and staged, filters and line ends
// as git has them; what it leaves in ignored folders goes with the checkout.
func TestRegenerate(t *testing.T) {
	t.Parallel()
	c := dependencies(t, "")
	was := filepath.Join(t.TempDir(), "was")
	h, err := c.regenerate("git rev-parse --git-dir 2>/dev/null && exit 9; cp all.lock "+was+"; ls -a .. > ../cache-list; rm ../cache-list; mkdir ../cache && touch ../cache/x; "+makeLock, time.Minute)
	if err != nil || h == nil || !h.Whole || strings.Join(h.Rules(), " ") != "regenerated" {
		t.Fatalf("%+v, %v", h, err)
	}
	want := "made of\n" + nine(map[int]string{1: "theirs", 2: "ours"})
	if got := c.read("web/all.lock"); got != want || string(c.blob("web/all.lock", 0)) != want {
		t.Errorf("web/all.lock: %q", got)
	}
	if got := c.Git("status", "--porcelain"); got != "M  web/all.lock\nM  web/deps" {
		t.Errorf("status: %s", got)
	}
	if before, err := os.ReadFile(was); err != nil || string(before) != "made of\n"+nine(map[int]string{2: "ours"}) {
		t.Errorf("it was made from %q (%v), which is not our version", before, err)
	}
	c.nothingLeft()
}

// TestRegenerateNothing: what a command leaves as it was, our version, is its answer; at the level off there
// is none.
func TestRegenerateNothing(t *testing.T) {
	t.Parallel()
	c := dependencies(t, "")
	conflict := c.read("web/all.lock")
	all, err := (&Checkout{
		Git: c.repo().GitParsed, Options: heal.Options{Level: heal.Off},
		Regenerate: &Regenerator{Commands: []RegenerateCommand{{"*.lock", "true"}}},
	}).Heal(c.Context(), nil)
	if err != nil || len(all) != 2 || all[0].Whole || all[0].Failed || c.read("web/all.lock") != conflict {
		t.Errorf("off: %+v, %v", all, err)
	}
	h, err := c.regenerate("true", time.Minute)
	if got := c.read("web/all.lock"); err != nil || !h.Whole || got != "made of\n"+nine(map[int]string{2: "ours"}) {
		t.Errorf("%+v, %v: %q", h, err, got)
	}
}

func (c *checkout) nothingLeft() {
	c.Helper()
	for _, name := range []string{"swarm-regenerate", "swarm-regenerate.index", "swarm-regenerate.index.lock"} {
		if _, err := os.Lstat(filepath.Join(c.Dir, ".git", name)); err == nil {
			c.Errorf("%s was left", name)
		}
	}
}

// TestRegenerateFails: a command that cannot be used changes nothing, and why is said; the list is
// healed as without it.
func TestRegenerateFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		line, why string
		limit     time.Duration
	}{
		"fails":            {makeLock + "; echo first; echo no network >&2; exit 3", "ended with 3: no network", time.Minute},
		"is not there":     {"no-such-command-at-all", "ended with 127: ", time.Minute},
		"hangs":            {makeLock + "; sleep 100", "was ended after 300ms", 300 * time.Millisecond},
		"writes elsewhere": {makeLock + "; echo x >> deps", "changed web/deps, too", time.Minute},
		"makes more":       {makeLock + "; echo x > ../new", "changed new, too", time.Minute},
		"removes it":       {"rm all.lock", "left no file web/all.lock", time.Minute},
		"makes a link":     {"ln -sf deps all.lock", "left no file web/all.lock", time.Minute},
		"empties it":       {"false | sort > all.lock", "left web/all.lock empty", time.Minute},
		"is killed":        {"kill -KILL $$", "was ended by a signal: killed", time.Minute},
		"closes a folder":  {"mkdir -p shut/a; echo x > shut/a/f; chmod -R a-w shut; exit 1", "ended with 1", time.Minute},
		"leaves markers":   {"printf '<<<<<<< a\\n1\\n=======\\n2\\n>>>>>>> b\\n' > all.lock", "left conflict markers in web/all.lock", time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dependencies(t, "")
			before, stages := c.read("web/all.lock"), c.Git("ls-files", "--unmerged", "web/all.lock")
			h, err := c.regenerate(tc.line, tc.limit)
			if err != nil || h.Whole || !h.Failed || !strings.Contains(h.Reason(), tc.why) || !strings.HasPrefix(h.Reason(), "swarm.regenerate '") {
				t.Errorf("%+v, %v", h, err)
			}
			if c.read("web/all.lock") != before || c.Git("ls-files", "--unmerged") != stages {
				t.Errorf("it was %q, and is %q", before, c.read("web/all.lock"))
			}
			if got, want := c.read("web/deps"), nine(map[int]string{1: "theirs", 2: "ours"}); got != want {
				t.Errorf("web/deps: %q", got)
			}
			c.nothingLeft()
			if h, err = c.regenerate(makeLock, time.Minute); err != nil || !h.Whole {
				t.Errorf("after that: %+v, %v", h, err)
			}
		})
	}
}

// TestRegenerateWaits: no command runs while another file is in conflict, or where somebody has changed
// the file since git stopped.
func TestRegenerateWaits(t *testing.T) {
	t.Parallel()
	ran := filepath.Join(t.TempDir(), "ran")
	c := dependencies(t, "ours\n")
	h, err := c.regenerate("touch "+ran+"; "+makeLock, time.Minute)
	if err != nil || h.Whole || h.Failed || h.Reason() != unmadeYet {
		t.Errorf("%+v, %v", h, err)
	}
	c.Write("other", "both\n")
	c.Git("add", "other")
	edited := c.read("web/all.lock") + "edited\n"
	c.Write("web/all.lock", edited)
	made := "touch " + ran + "; " + makeLock
	if h, err = c.regenerate(made, time.Minute); err != nil || h.Whole || c.read("web/all.lock") != edited ||
		h.Reason() != "swarm.regenerate '"+made+"' is not run: web/all.lock was changed in the work tree since git stopped" {
		t.Errorf("%+v, %v", h, err)
	}
	if _, err := os.Lstat(ran); err == nil {
		t.Error("the command ran")
	}
	c.Git("checkout", "-m", "web/all.lock")
	if h, err = c.regenerate(makeLock, time.Minute); err != nil || !h.Whole {
		t.Errorf("%+v, %v", h, err)
	}
}

// TestRegenerateFolders: a command runs once in each folder that has files of its, and makes all of them there.
func TestRegenerateFolders(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	locks := []string{"a.lock", "b.lock", "web/a.lock"}
	side := func(text string) {
		for _, name := range locks {
			c.Write(name, text+"\n")
		}
		c.Git("add", "-A")
		c.Commit(text)
	}
	side("base")
	c.Git("checkout", "-q", "-b", "topic")
	side("theirs")
	c.Git("checkout", "-q", "main")
	side("ours")
	c.stop("merge")
	ran := filepath.Join(t.TempDir(), "ran")
	all, err := (&Checkout{
		Git:        c.repo().GitParsed,
		Regenerate: &Regenerator{Commands: []RegenerateCommand{{"*.lock", "ls *.lock | xargs >> " + ran + "; for f in *.lock; do echo made > $f; done"}}},
	}).Heal(c.Context(), nil)
	if err != nil || len(all) != len(locks) {
		t.Fatalf("%+v, %v", all, err)
	}
	for i, name := range locks {
		if !all[i].Whole || c.read(name) != "made\n" {
			t.Errorf("%+v: %q", all[i], c.read(name))
		}
	}
	if runs, err := os.ReadFile(ran); err != nil || string(runs) != "a.lock b.lock\na.lock\n" {
		t.Errorf("it ran among %q (%v)", runs, err)
	}
}

// TestRegenerateInterrupted: broken off, it leaves nothing running and nothing changed.
func TestRegenerateInterrupted(t *testing.T) {
	t.Parallel()
	c := dependencies(t, "")
	before := c.read("web/all.lock")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	began := filepath.Join(t.TempDir(), "began")
	c.Must(exec.Command("mkfifo", began).Run())
	go func() {
		_, _ = os.ReadFile(began) // until the command has opened it and is gone, or has written
		cancel()
	}()
	_, err := (&Checkout{
		Git:        c.repo().GitParsed,
		Regenerate: &Regenerator{Commands: []RegenerateCommand{{"*.lock", "echo half > all.lock; echo x > " + began + "; exec sleep 1000"}}},
	}).Heal(ctx, nil)
	if err == nil || c.read("web/all.lock") != before {
		t.Errorf("%v: %q", err, c.read("web/all.lock"))
	}
	c.nothingLeft()
	if h, err := c.regenerate(makeLock, time.Minute); err != nil || !h.Whole {
		t.Errorf("after that: %+v, %v", h, err)
	}
}

// TestRegenerateGo: each side raises a version; the go.sum of the healed go.mod is what go makes of it.
func TestRegenerateGo(t *testing.T) {
	t.Parallel()
	proxy, cache := t.TempDir(), t.TempDir()
	for module, versions := range map[string][]string{"a": {"v1.0.0", "v1.1.0"}, "b": {"v1.4.2", "v1.5.3"}} {
		for _, version := range versions {
			publish(t, proxy, "example.org/"+module, version)
		}
	}
	tidy := "GOPROXY='file://" + proxy + "' GOSUMDB=off GOFLAGS=-modcacherw GOMODCACHE='" + cache + "' go mod tidy"
	c := newCheckout(t)
	c.Write("main.go", "package main\n\nimport (\n\t_ \"example.org/a\"\n\t_ \"example.org/b\"\n)\n")
	require := func(a, b string) string {
		c.Write("go.mod", "module example.org/main\n\ngo 1.24\n\nrequire (\n\texample.org/a "+a+"\n\texample.org/b "+b+"\n)\n")
		tidied := exec.Command("/bin/sh", "-c", tidy)
		tidied.Dir = c.Dir
		if out, err := tidied.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return c.read("go.sum")
	}
	require("v1.0.0", "v1.4.2")
	c.Git("add", "-A")
	c.Commit("modules")
	c.Git("checkout", "-q", "-b", "topic")
	require("v1.1.0", "v1.4.2")
	c.Git("commit", "-qam", "a")
	c.Git("checkout", "-q", "main")
	require("v1.0.0", "v1.5.3")
	c.Git("commit", "-qam", "b")
	c.stop("merge")
	all, err := (&Checkout{
		Git:        c.repo().GitParsed,
		Regenerate: &Regenerator{Commands: []RegenerateCommand{{"go.sum", tidy}}, Limit: time.Minute},
	}).Heal(c.Context(), nil)
	if err != nil || len(all) != 2 || !all[0].Whole || !all[1].Whole {
		t.Fatalf("%+v, %v", all, err)
	}
	healed := c.read("go.sum")
	if want := require("v1.1.0", "v1.5.3"); healed != want || strings.Contains(healed, "v1.0.0") || strings.Contains(healed, "v1.4.2") {
		t.Errorf("go.sum is\n%s", healed)
	}
}

// publish puts a module into a folder that go takes for a proxy.
func publish(t *testing.T, proxy, module, version string) {
	t.Helper()
	dir := filepath.Join(proxy, module, "@v")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(dir, 0o777))
	mod := "module " + module + "\n"
	var zipped bytes.Buffer
	z := zip.NewWriter(&zipped)
	for name, text := range map[string]string{"go.mod": mod, "x.go": "package x\n"} {
		w, err := z.Create(module + "@" + version + "/" + name)
		must(err)
		_, err = w.Write([]byte(text))
		must(err)
	}
	must(z.Close())
	must(os.WriteFile(filepath.Join(dir, version+".mod"), []byte(mod), 0o666))
	must(os.WriteFile(filepath.Join(dir, version+".info"), []byte(`{"Version":"`+version+`"}`), 0o666))
	must(os.WriteFile(filepath.Join(dir, version+".zip"), zipped.Bytes(), 0o666))
}
