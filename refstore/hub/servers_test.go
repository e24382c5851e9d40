package hub_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/hub"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// serveGit has git's own daemon serve the folder.
func (f *field) serveGit() string {
	f.clone.Helper()
	path, err := exec.Command("git", "--exec-path").Output()
	f.clone.Must(err)
	daemon := filepath.Join(strings.TrimSpace(string(path)), "git-daemon")
	if _, err := os.Stat(daemon); err != nil {
		f.clone.Skip("git-daemon is not installed")
	}
	port := refstoretest.FreePort(f.clone)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	base := filepath.Dir(f.bare.Dir)
	cmd := exec.Command(daemon, "--reuseaddr", "--listen=127.0.0.1", fmt.Sprintf("--port=%d", port), "--export-all", "--enable=receive-pack", "--base-path="+base, base)
	f.clone.Must(cmd.Start())
	f.clone.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return "git://" + address + "/hub.git"
		}
		if time.Now().After(deadline) {
			f.clone.Fatal("git daemon does not listen")
		}
	}
}

func (f *field) serveSSH() string {
	f.clone.Helper()
	host, options := refstoretest.SSHD(f.clone)
	f.clone.Git("config", "core.sshCommand", "ssh -F '"+options+"'")
	return "ssh://" + host + f.bare.Dir
}

// gitoliteRules let the writer write everything in one repository and all but what is
// the swarm's in another one; the reader reads both.
const gitoliteRules = `
repo hub
    RW refs/ = writer
    R = reader
repo branches
    - refs/swarm/ = @all
    RW = writer
    R = reader
`

// gitolite has one of gitolite's repositories be the hub, for that user.
func (f *field) gitolite(g *refstoretest.GitoliteServer, name, user string) string {
	f.bare = &refstoretest.Repo{TB: f.clone.TB, Dir: g.Repository(name)}
	f.clone.Git("config", "core.sshCommand", "ssh -F '"+g.Options(user)+"'")
	return "ssh://" + g.Host + "/" + name
}

// gitea has a repository of Gitea's be the hub, for that user.
func (f *field) gitea(g *refstoretest.GiteaServer, name, user string) string {
	f.bare = &refstoretest.Repo{TB: f.clone.TB, Dir: g.Repository("writer", name)}
	return g.URL(user, "writer", name)
}

// Every kind of server, with checks of what it is sent, does what a hub must: it passes
// the trial, moves all refs of a push or none, and only from what was seen. One that lets no
// ref be deleted says so.
func TestServers(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(*field) string{
		"file": func(f *field) string { return f.bare.Dir },
		"URL":  func(f *field) string { return "file://" + f.bare.Dir },
		"git":  (*field).serveGit,
		"http": (*field).serveHTTP,
		"ssh":  (*field).serveSSH,

		"gitolite": func(f *field) string {
			return f.gitolite(refstoretest.Gitolite(f.clone, gitoliteRules, "writer"), "hub", "writer")
		},
		"gitea": func(f *field) string { return f.gitea(refstoretest.Gitea(f.clone, "writer"), "hub", "writer") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newField(t)
			r := f.remote(serve(f), "refs/swarm/")
			f.bare.Git("config", "transfer.fsckObjects", "true")
			f.bare.Git("config", "http.receivepack", "true")
			f.clone.Git("config", "transfer.fsckObjects", "true")
			r.Timeout = time.Minute
			ctx := context.Background()
			if trial, err := r.Probe(ctx); err != nil || !trial.Leased {
				t.Fatalf("%+v %v", trial, err)
			}
			next := object.Hash(f.clone.Git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "two"))
			push := func(updates ...refstore.HubUpdate) error { return r.Push(ctx, nil, updates) }
			if err := push(refstore.HubUpdate{Ref: "claims", New: f.tip}, refstore.HubUpdate{Ref: "refs/heads/main", New: f.tip}); err != nil {
				t.Fatal(err)
			}
			f.bare.Git("update-ref", "refs/swarm/locks", string(f.tip)) // another clone was first
			err := push(refstore.HubUpdate{Ref: "claims", Old: f.tip, New: next}, refstore.HubUpdate{Ref: "locks", New: next})
			var stale *refstore.StaleError
			if !errors.Is(err, refstore.ErrStale) || errors.As(err, &stale) && (len(stale.Refs) != 1 || stale.Refs[0] != "locks") {
				t.Errorf("a lost race: %T %v", err, err)
			}
			if tip := f.bare.Git("rev-parse", "refs/swarm/claims"); tip != string(f.tip) {
				t.Errorf("one ref of two was moved, to %s", tip)
			}
			if err := r.Fetch(ctx, nil); err != nil {
				t.Fatal(err)
			}
			if err := push(refstore.HubUpdate{Ref: "claims", Old: f.tip, New: next}, refstore.HubUpdate{Ref: "locks", Old: f.tip, New: next}); err != nil {
				t.Error(err)
			}
			if err := push(refstore.HubUpdate{Ref: "tips/A.offer", New: f.tip}); err != nil {
				t.Fatal(err)
			}
			gone := []refstore.HubUpdate{{Ref: "claims", Old: next, New: f.after(next)}, {Ref: "tips/A.offer", Old: f.tip}}
			if name == "gitolite" { // RW, which is no RWD
				var refused *refstore.RefusedError
				if err := push(gone...); !errors.As(err, &refused) {
					t.Errorf("a deletion that is refused: %T %v", err, err)
				}
				return
			}
			if err := push(gone...); err != nil {
				t.Errorf("a deletion: %v", err)
			}
			if err := push(refstore.HubUpdate{Ref: "locks", Old: next, New: f.after(next)}, gone[1]); !errors.Is(err, refstore.ErrStale) {
				t.Errorf("a deletion of what is gone: %T %v", err, err)
			}
		})
	}
}

// after is a commit on top of that one.
func (f *field) after(tip object.Hash) object.Hash {
	f.clone.Helper()
	return object.Hash(f.clone.Git("commit-tree", "HEAD^{tree}", "-p", string(tip), "-m", "next"))
}

// gitolite turns a reader away from every push, and a writer from the refs that a rule
// denies: the one may not push, the other may, in another place.
func TestGitoliteRules(t *testing.T) {
	t.Parallel()
	g := refstoretest.Gitolite(t, gitoliteRules, "writer", "reader")
	for name, c := range map[string]struct {
		repository, user string
		kind             refstore.Refusal
		why              string
	}{
		"reader":    {"hub", "reader", refstore.RefusedWriter, "W any hub reader DENIED by fallthru"},
		"namespace": {"branches", "writer", refstore.RefusedPlace, "W refs/swarm/claims branches writer DENIED by refs/swarm/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newField(t)
			r := f.remote(f.gitolite(g, c.repository, c.user), "refs/swarm/")
			r.Timeout = time.Minute
			var refused *refstore.RefusedError
			if err := f.push(r, "claims"); !errors.As(err, &refused) || refused.Kind != c.kind || !strings.Contains(refused.Why, c.why) {
				t.Errorf("%T %+v", err, err)
			}
			if err := r.Fetch(context.Background(), nil); err != nil {
				t.Errorf("it cannot even be read: %v", err)
			}
			if refs := f.bare.Git("for-each-ref"); refs != "" {
				t.Errorf("the hub has %s", refs)
			}
		})
	}
}

// A forge turns a reader away from every push, and all from a protected branch, with what
// goes along: it says why. What is pushed outside of the branches it tells nobody of.
func TestGiteaRules(t *testing.T) {
	t.Parallel()
	g := refstoretest.Gitea(t, "writer", "reader")
	told := make(chan string, 100)
	hooked := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var about struct{ Ref string }
		_ = json.NewDecoder(r.Body).Decode(&about)
		told <- r.Header.Get("X-Gitea-Event") + " " + about.Ref
	}))
	t.Cleanup(hooked.Close)
	f := newField(t)
	r := f.remote(f.gitea(g, "hub", "writer"), "refs/swarm/")
	r.Timeout = time.Minute
	ctx := context.Background()
	g.Do("writer", "POST", "repos/writer/hub/hooks", map[string]any{
		"type": "gitea", "active": true, "events": []string{"push", "create"},
		"config": map[string]string{"url": hooked.URL, "content_type": "json"},
	})
	claims, main := refstore.HubUpdate{Ref: "claims", New: f.tip}, refstore.HubUpdate{Ref: "refs/heads/main", New: f.tip}
	f.clone.Must(r.Push(ctx, nil, []refstore.HubUpdate{claims}))
	f.clone.Must(r.Push(ctx, nil, []refstore.HubUpdate{main, {Ref: "locks", New: f.tip}}))
	f.clone.Must(f.push(&hub.Remote{Repo: r.Repo, Name: r.Name, Prefix: "refs/heads/swarm/", Timeout: r.Timeout}, "claims"))
	for _, want := range []string{"create main", "push refs/heads/main", "create swarm/claims", "push refs/heads/swarm/claims"} {
		select {
		case got := <-told:
			if got != want {
				t.Errorf("told of %q, not %q", got, want)
			}
		case <-time.After(time.Minute):
			t.Errorf("nobody was told of %q", want)
		}
	}
	before := f.bare.Git("for-each-ref")
	refused := func(what string, err error, kind refstore.Refusal, why, branch string) {
		t.Helper()
		var e *refstore.RefusedError
		if !errors.As(err, &e) || e.Kind != kind || e.Why != why || e.Branch != branch {
			t.Errorf("%s: %T %+v", what, err, err)
		}
		if now := f.bare.Git("for-each-ref"); now != before {
			t.Errorf("%s: the hub has\n%s", what, now)
		}
	}
	g.Do("writer", "POST", "repos/writer/hub/branch_protections", map[string]any{"rule_name": "main", "enable_push": false})
	claims.Old, claims.New = f.tip, f.after(f.tip)
	main.Old, main.New = f.tip, claims.New
	refused("a protected branch", r.Push(ctx, nil, []refstore.HubUpdate{claims, main}), refstore.RefusedPush, "Not allowed to push to protected branch main", "refs/heads/main")
	g.Do("writer", "PUT", "repos/writer/hub/collaborators/reader", map[string]any{"permission": "read"})
	r.Name = g.URL("reader", "writer", "hub")
	refused("a reader", r.Push(ctx, nil, []refstore.HubUpdate{claims}), refstore.RefusedWriter, "User permission denied for writing.", "")
	f.clone.Must(r.Fetch(ctx, nil))
	r.Name = g.URL("", "writer", "hub")
	var e *refstore.RefusedError
	if err := r.Push(ctx, nil, []refstore.HubUpdate{claims}); !errors.As(err, &e) || e.Kind != refstore.RefusedWriter {
		t.Errorf("nobody: %T %v", err, err)
	}
}

// A push to a remote of which it would reach several places, or replace all refs, is
// refused; where it is pushed elsewhere than fetched from, both go to where it is pushed.
func TestRemoteURLs(t *testing.T) {
	t.Parallel()
	const url, pushURL = "remote.r.url", "remote.r.pushurl"
	for name, c := range map[string]struct {
		config [][2]string
		why    string
	}{
		"plain":            {[][2]string{{url, "/a"}}, ""},
		"none":             {nil, "not set up here"},
		"a short URL":      {[][2]string{{"url./b.insteadOf", "r"}}, ""},
		"other to push":    {[][2]string{{url, "/a"}, {pushURL, "/b"}}, ""},
		"two URLs":         {[][2]string{{url, "/a"}, {url, "/b"}}, "several URLs"},
		"two, one to push": {[][2]string{{url, "/a"}, {url, "/b"}, {pushURL, "/c"}}, ""},
		"two to push":      {[][2]string{{url, "/a"}, {pushURL, "/b"}, {pushURL, "/c"}}, "several URLs"},
		"mirror":           {[][2]string{{url, "/a"}, {"remote.r.mirror", "true"}}, "mirror"},
		"rewritten":        {[][2]string{{url, "/a/x"}, {"url./b.pushInsteadOf", "/a"}}, "another place"},
		"rewritten both":   {[][2]string{{url, "/a/x"}, {"url./b.insteadOf", "/a"}}, ""},
		"rewritten again":  {[][2]string{{url, "/a"}, {pushURL, "/c/x"}, {"url./b.pushInsteadOf", "/c"}}, "another place"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newField(t)
			for _, set := range c.config {
				f.clone.Git("config", "--add", set[0], set[1])
			}
			err := f.remote("r", "refs/swarm/").Check()
			var config *hub.ConfigError
			if (err == nil) != (c.why == "") || err != nil && (!errors.As(err, &config) || !strings.Contains(err.Error(), c.why)) {
				t.Errorf("%v", err)
			}
		})
	}
	f := newField(t)
	f.clone.Git("remote", "add", "r", f.bare.Dir+".mirror") // which is not there
	f.clone.Git("config", pushURL, f.bare.Dir)
	r := f.remote("r", "refs/swarm/")
	if err := f.push(r, "claims"); err != nil {
		t.Fatal(err)
	}
	if err := r.Fetch(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if got := f.clone.Git("rev-parse", refstore.TrackingPrefix+"claims"); got != string(f.tip) {
		t.Errorf("fetched %s", got)
	}
}

// Where ssh shares a connection, all calls log in once, and none waits for what keeps it.
func TestSSHMux(t *testing.T) {
	t.Parallel()
	f := newField(t)
	host, options := refstoretest.SSHD(t)
	dir, err := os.MkdirTemp("/tmp", "mux") // a socket's name is short
	f.clone.Must(err)
	t.Cleanup(func() {
		sockets, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, socket := range sockets {
			_ = exec.Command("ssh", "-F", options, "-O", "exit", "-S", socket, "x").Run()
		}
		_ = os.RemoveAll(dir)
	})
	ssh, err := exec.LookPath("ssh")
	f.clone.Must(err)
	bin := t.TempDir()
	f.clone.Must(os.WriteFile(filepath.Join(bin, "ssh"), []byte(fmt.Sprintf("#!/bin/sh\nexec %s -F '%s' \"$@\"\n", ssh, options)), 0o777))
	env := append(repo.Env{}, os.Environ()...)
	own, err := repo.Discover(env.Without("GIT_SSH_COMMAND").Without("GIT_SSH").With("PATH="+bin+":"+os.Getenv("PATH")), f.clone.Dir)
	f.clone.Must(err)
	r := &hub.Remote{Repo: own, Name: "ssh://" + host + f.bare.Dir, Prefix: "refs/swarm/", Timeout: time.Minute}
	calls := func() int {
		before := refstoretest.SSHLogins(t, options)
		for range 3 {
			if err := r.Fetch(context.Background(), nil); err != nil {
				t.Fatal(err)
			}
		}
		return refstoretest.SSHLogins(t, options) - before
	}
	if n := calls(); n != 3 {
		t.Errorf("%d logins for 3 calls", n)
	}
	r.Mux = dir
	began := time.Now()
	if n := calls(); n != 1 {
		t.Errorf("%d logins for 3 calls that share a connection", n)
	}
	path := filepath.Join(bin, "turn")
	turn, err := os.Create(path)
	f.clone.Must(err)
	f.clone.Must(file.TryLock(turn))
	f.clone.Must(r.Fetch(context.Background(), turn))
	f.clone.Must(turn.Close())
	if file.Locked(path) {
		t.Error("what keeps the connection has the clone's turn")
	}
	if took := time.Since(began); took > 50*time.Second {
		t.Errorf("the calls waited for the connection's end: %s", took)
	}
}
