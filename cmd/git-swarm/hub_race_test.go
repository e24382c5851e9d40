package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// hubTown is several clones of a bare repository, which is their hub.
type hubTown struct {
	*testing.T
	dir    string
	clones []string
}

// newHubTown makes the clones, which reach the hub by the URL that serve gives for its
// folder. Each has a session: A in the first, B in the second, and so on.
func newHubTown(t *testing.T, clones int, serve func(*hubTown) string) *hubTown {
	t.Helper()
	w := &hubTown{T: t, dir: t.TempDir()}
	w.git("init", "-q", "--bare", "-b", "main", "hub.git")
	w.git("-C", "hub.git", "config", "http.receivepack", "true")
	w.git("-C", "hub.git", "config", "receive.autogc", "false")
	url := serve(w)
	for i := range clones {
		name := "c" + strconv.Itoa(i)
		w.git("init", "-q", "-b", "main", name)
		w.git("-C", name, "config", "user.name", name)
		w.git("-C", name, "config", "user.email", name+"@example.com")
		w.git("-C", name, "commit", "-q", "--allow-empty", "-m", "start")
		w.git("-C", name, "remote", "add", "origin", url)
		w.clones = append(w.clones, name)
		if out, err := w.swarm(i, "init", "--hub", "origin", "--as", name, "--sessions", w.session(i)+":w"+strconv.Itoa(i)); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	return w
}

// command is a program that runs in a folder of the town, with a home of its own.
func (w *hubTown) command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = filepath.Join(w.dir, dir)
	cmd.Env = append(os.Environ(), "HOME="+w.dir, "GIT_CONFIG_NOSYSTEM=1")
	return cmd
}

func (w *hubTown) session(i int) string { return string(rune('A' + i)) }

func (w *hubTown) git(args ...string) string {
	w.Helper()
	out, err := w.command(context.Background(), "", "git", args...).CombinedOutput()
	if err != nil {
		w.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// swarm runs a command as the clone's session.
func (w *hubTown) swarm(i int, args ...string) (string, error) {
	out, err := w.command(context.Background(), w.clones[i], "git-swarm", append([]string{"--session", w.session(i)}, args...)...).CombinedOutput()
	return string(out), err
}

// again runs a command as the clone's session, and again as long as it says that it may
// have been done or not, or that others were first: exit code 75.
func (w *hubTown) again(i int, args ...string) (out string, err error) {
	for range 20 {
		out, err = w.swarm(i, args...)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 75 {
			break
		}
	}
	return out, err
}

// hubServers are the ways to the hub. Those that log in take long.
func hubServers() map[string]func(*hubTown) string {
	servers := map[string]func(*hubTown) string{"file": serveFile, "git": serveGit, "http": serveHTTP}
	if refstoretest.Long() {
		servers["ssh"], servers["gitolite"], servers["gitea"] = serveSSH, serveGitolite, serveGitea
	}
	return servers
}

func serveFile(w *hubTown) string { return filepath.Join(w.dir, "hub.git") }

// serveGit has git's own daemon serve the folder on the loopback.
func serveGit(w *hubTown) string {
	port := refstoretest.FreePort(w)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	daemon := gitProgram(w.T, "git-daemon")
	ctx, cancel := context.WithCancel(context.Background())
	cmd := w.command(ctx, "", daemon, "--reuseaddr", "--listen=127.0.0.1", "--port="+strconv.Itoa(port), "--export-all", "--enable=receive-pack", "--base-path="+w.dir, w.dir)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { cancel(); _ = cmd.Wait() })
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			break
		}
		if time.Now().After(deadline) {
			w.Fatal("git daemon does not listen: ", err)
		}
	}
	return fmt.Sprintf("git://127.0.0.1:%d/hub.git", port)
}

// serveHTTP has git http-backend serve the folder on the loopback.
func serveHTTP(w *hubTown) string {
	backend := gitProgram(w.T, "git-http-backend")
	server := httptest.NewServer(&cgi.Handler{Path: backend, Env: []string{"GIT_PROJECT_ROOT=" + w.dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"}})
	server.Config.SetKeepAlivesEnabled(false) // a connection ends with its answer
	w.Cleanup(server.Close)
	return server.URL + "/hub.git"
}

// serveSSH has OpenSSH's server let in who is to reach the folder.
func serveSSH(w *hubTown) string {
	host, options := refstoretest.SSHD(w.T)
	w.git("config", "--global", "core.sshCommand", "ssh -F '"+options+"'")
	return "ssh://" + host + filepath.Join(w.dir, "hub.git")
}

// serveGitolite has gitolite serve a repository of its own.
func serveGitolite(w *hubTown) string {
	g := refstoretest.Gitolite(w.T, "repo hub\n    RW refs/ = writer\n", "writer")
	w.git("config", "--global", "core.sshCommand", "ssh -F '"+g.Options("writer")+"'")
	return "ssh://" + g.Host + "/hub"
}

// serveGitea has a forge serve a repository of its own.
func serveGitea(w *hubTown) string {
	g := refstoretest.Gitea(w.T, "writer")
	g.Repository("writer", "hub")
	return g.URL("writer", "writer", "hub")
}

// gitProgram is the path of a program that some packages of git leave out.
func gitProgram(t *testing.T, name string) string {
	t.Helper()
	dir, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	path, err := exec.LookPath(filepath.Join(string(bytes.TrimSpace(dir)), name))
	if err != nil {
		t.Skip(name + " is not installed")
	}
	return path
}

// TestHubRace: processes of several clones claim, release and talk at once through a
// real remote. No path is granted to two, and each entry that was acknowledged is in
// every clone once, in its writer's order. SWARM_RACE=long has more of everything, and
// remotes over ssh; without it the two that are served get the shortest race there is.
func TestHubRace(t *testing.T) {
	t.Parallel()
	for name, serve := range hubServers() {
		clones, rounds := 2, 2
		switch {
		case name == "gitea": // it runs programs of its own for each push
			clones, rounds = 3, 5
		case name == "ssh" || name == "gitolite": // a call costs a login
			clones, rounds = 8, 10
		case refstoretest.Long():
			clones, rounds = 8, 40
		case name == "file":
			clones, rounds = 3, 3
		}
		t.Run(name, func(t *testing.T) {
			if !refstoretest.Long() { // else each has the machine for itself
				t.Parallel()
			}
			w := newHubTown(t, clones, serve)
			for _, name := range w.clones { // a busy machine is no hub that is away
				w.git("-C", name, "config", "swarm.hubTimeout", "1m")
			}
			raceHub(w, rounds)
		})
	}
}

func raceHub(w *hubTown, rounds int) {
	var mutex sync.Mutex
	holder := map[string]string{} // what a clone was told that it holds
	said := make([][]string, len(w.clones))
	granted, denied := 0, 0
	var all sync.WaitGroup
	for i := range w.clones {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := range rounds {
				word := fmt.Sprintf("%s-%d", w.session(i), n)
				if out, err := w.swarm(i, "context", "add", "-c", "decision", word); err != nil {
					w.Errorf("%s: %v\n%s", word, err, out)
				} else {
					said[i] = append(said[i], word)
				}
				path := "p" + strconv.Itoa(n%2)
				out, err := w.again(i, "claim", path)
				mutex.Lock()
				if err != nil {
					denied++
					if !strings.Contains(out, "is claimed by") {
						w.Errorf("%s: %s", path, out)
					}
					mutex.Unlock()
					continue
				}
				granted++
				if other := holder[path]; other != "" {
					w.Errorf("%s was granted to %s while %s holds it", path, w.session(i), other)
				}
				holder[path] = w.session(i)
				mutex.Unlock()
				mutex.Lock()
				delete(holder, path) // before it is released: from then on it may be another's
				mutex.Unlock()
				if out, err = w.again(i, "unclaim", path); err != nil {
					w.Errorf("unclaim: %s", out)
				}
			}
		}()
	}
	all.Wait()
	w.Logf("%d granted, %d denied", granted, denied)
	if granted == 0 {
		w.Error("nothing was granted")
	}
	w.settle()
	for i := range w.clones {
		log := strings.Fields(w.git("-C", w.clones[i], "log", "--reverse", "--format=%s", "refs/swarm/context"))
		log = slices.DeleteFunc(log, func(s string) bool { return s == "[decision]" })
		for j := range w.clones {
			own := slices.DeleteFunc(slices.Clone(log), func(s string) bool { return !strings.HasPrefix(s, w.session(j)+"-") })
			if !slices.Equal(own, said[j]) {
				w.Errorf("%s has of %s %q, not %q", w.clones[i], w.session(j), own, said[j])
			}
		}
	}
	w.oneHistory()
}

// settle has every clone deliver and fetch all there is.
func (w *hubTown) settle() {
	w.Helper()
	for range 2 {
		for i := range w.clones {
			if out, err := w.swarm(i, "hub", "status"); err != nil { // takes no session, so it is no option of it
				w.Fatalf("%s: %s", w.clones[i], out)
			}
		}
	}
}

// oneHistory holds the claims of all clones against each other, and their history
// against what grants it may hold: no path is granted while another holds it.
func (w *hubTown) oneHistory() {
	w.Helper()
	tips := map[string]bool{}
	for _, name := range w.clones {
		tips[w.git("-C", name, "rev-parse", "refs/swarm/claims")] = true
		w.git("-C", name, "fsck", "--strict")
		if out, err := w.command(context.Background(), name, "git-swarm", "fsck").CombinedOutput(); err != nil {
			w.Errorf("%s: %s", name, out)
		}
	}
	if len(tips) != 1 {
		w.Errorf("the clones have %d histories of claims", len(tips))
	}
	holds := map[string]string{}
	lines := w.git("-C", w.clones[0], "log", "--reverse", "--format=%an %s", "refs/swarm/claims")
	for line := range strings.Lines(lines) {
		m := regexp.MustCompile(`^(\w+) (claim|release) (\S+)`).FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			w.Errorf("what is %q?", line)
			continue
		}
		if m[2] == "claim" && holds[m[3]] != "" || m[2] == "release" && holds[m[3]] != m[1] {
			w.Errorf("%q, while %s holds it", line, cmp.Or(holds[m[3]], "nobody"))
		}
		holds[m[3]] = m[1]
		if m[2] == "release" {
			delete(holds, m[3])
		}
	}
}

// TestHubLandings: sessions of several clones push at once. Each lands once, and the
// push lock is never granted while another clone has it.
func TestHubLandings(t *testing.T) {
	t.Parallel()
	clones := 3
	if refstoretest.Long() {
		clones = 8
	}
	w := newHubTown(t, clones, serveFile)
	w.git("-C", "c0", "push", "-q", "origin", "main")
	var all sync.WaitGroup
	for i, name := range w.clones {
		w.git("-C", name, "fetch", "-q", "origin")
		w.git("-C", name, "checkout", "-q", "-b", "work", "origin/main")
		if err := os.WriteFile(filepath.Join(w.dir, name, name), []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
		w.git("-C", name, "add", ".")
		w.git("-C", name, "commit", "-q", "-m", "by-"+name)
		all.Add(1)
		go func() {
			defer all.Done()
			if out, err := w.swarm(i, "push", "--to", "main", "--wait", "5m"); err != nil {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
		}()
	}
	all.Wait()
	landed := strings.Fields(w.git("-C", "hub.git", "log", "--format=%s", "main"))
	for _, name := range w.clones {
		if n := strings.Count(strings.Join(landed, " ")+" ", "by-"+name+" "); n != 1 {
			t.Errorf("%s landed %d times", name, n)
		}
	}
	w.settle()
	held := map[string]string{} // by lock: the push lock, and the conductor's
	for line := range strings.Lines(w.git("-C", "c0", "log", "--reverse", "--format=%s", "refs/swarm/locks")) {
		m := regexp.MustCompile(`^([\w /]+): (held|renewed|released) by (\w+)`).FindStringSubmatch(line)
		switch {
		case m == nil:
			t.Errorf("what is %q?", line)
		case m[2] == "held" && held[m[1]] != "", m[2] != "held" && held[m[1]] != m[3]:
			t.Errorf("%q, while %q has it", line, held[m[1]])
		case m[2] == "released":
			held[m[1]] = ""
		default:
			held[m[1]] = m[3]
		}
	}
}

// TestHubBlackHole: a hub that takes connections and never answers holds nobody longer
// than the time limit, leaves no process, and loses nothing.
func TestHubBlackHole(t *testing.T) {
	t.Parallel()
	w := newHubTown(t, 2, serveFile)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w.git("-C", "c0", "remote", "set-url", "origin", "http://"+l.Addr().String()+"/hub.git")
	w.git("-C", "c0", "config", "swarm.hubTimeout", "1s")
	if out, err := w.swarm(0, "context", "add", "-c", "decision", "kept"); err != nil || !strings.Contains(out, "waits here") {
		t.Errorf("%v: %s", err, out)
	}
	out, err := w.swarm(0, "claim", "x")
	var exit *exec.ExitError
	if exit, _ = err.(*exec.ExitError); exit == nil || exit.ExitCode() != 75 {
		t.Errorf("%v: %s", err, out)
	}
	t.Run("no process is left", func(t *testing.T) {
		ps, err := exec.Command("ps", "-eo", "args").Output()
		if err != nil {
			t.Skip("there is no ps")
		}
		if strings.Contains(string(ps), l.Addr().String()) {
			t.Errorf("%s", ps)
		}
	})
	w.git("-C", "c0", "remote", "set-url", "origin", filepath.Join(w.dir, "hub.git"))
	w.settle()
	if log := w.git("-C", "c1", "log", "--format=%s", "refs/swarm/context"); !strings.Contains(log, "kept") {
		t.Errorf("the other clone has %q", log)
	}
}

// TestHubKills: processes of two clones are killed at any moment. What was acknowledged
// is in both, once, and nothing is granted to two. SWARM_RACE=long kills more.
func TestHubKills(t *testing.T) {
	t.Parallel()
	kills := 6
	if refstoretest.Long() {
		kills = 150
	}
	w := newHubTown(t, 2, serveFile)
	said := make([][]string, 2)
	var all sync.WaitGroup
	for i := range 2 {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := range kills {
				word := fmt.Sprintf("%s-%d", w.session(i), n)
				if n == 0 { // one is let be: however slow the machine is, something is acknowledged
					if out, err := w.swarm(i, "--session", w.session(i), "context", "add", "-c", "decision", "first-"+word); err != nil {
						t.Errorf("%v: %s", err, out)
					}
					said[i] = append(said[i], "first-"+word)
					if out, err := w.swarm(i, "claim", "first-"+w.session(i)); err != nil {
						t.Errorf("%v: %s", err, out)
					}
				}
				args := []string{"--session", w.session(i), "context", "add", "-c", "decision", word}
				if n%2 == 1 {
					args = []string{"--session", w.session(i), "claim", "k" + strconv.Itoa(n)}
				}
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(n*37%400)*time.Millisecond)
				if err := w.command(ctx, w.clones[i], "git-swarm", args...).Run(); err == nil && n%2 == 0 {
					said[i] = append(said[i], word)
				}
				cancel()
			}
		}()
	}
	all.Wait()
	w.settle()
	for _, name := range w.clones {
		log := strings.Fields(w.git("-C", name, "log", "--reverse", "--format=%s", "refs/swarm/context"))
		for j := range said {
			for _, word := range said[j] {
				if n := len(slices.DeleteFunc(slices.Clone(log), func(s string) bool { return s != word })); n != 1 {
					t.Errorf("%s has %s %d times", name, word, n)
				}
			}
		}
	}
	w.oneHistory()
}
