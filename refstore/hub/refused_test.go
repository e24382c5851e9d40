package hub_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/hub"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

func TestMain(m *testing.M) { refstoretest.Main(m, nil) }

// field is a clone with one commit, and the bare repository beside it.
type field struct {
	clone, bare *refstoretest.Repo
	tip         object.Hash
}

func newField(t *testing.T) *field {
	t.Helper()
	dir := t.TempDir()
	f := &field{clone: refstoretest.Init(t, filepath.Join(dir, "clone")), bare: refstoretest.Init(t, filepath.Join(dir, "hub.git"), "--bare")}
	f.clone.Git("commit", "-q", "--allow-empty", "-m", "one")
	f.tip = object.Hash(f.clone.Git("rev-parse", "HEAD"))
	return f
}

// remote is the clone's way to the hub at that URL, with refs below the prefix.
func (f *field) remote(url, prefix string) *hub.Remote {
	f.clone.Helper()
	r, err := repo.Discover(os.Environ(), f.clone.Dir)
	if err != nil {
		f.clone.Fatal(err)
	}
	return &hub.Remote{Repo: r, Name: url, Prefix: prefix, Timeout: 10 * time.Second}
}

// push makes one ref on the hub.
func (f *field) push(r *hub.Remote, ref string) error {
	return r.Push(context.Background(), nil, []refstore.HubUpdate{{Ref: ref, New: f.tip}})
}

// serveHTTP has git http-backend serve the folder.
func (f *field) serveHTTP() string {
	f.clone.Helper()
	path, err := exec.Command("git", "--exec-path").Output()
	f.clone.Must(err)
	backend := filepath.Join(strings.TrimSpace(string(path)), "git-http-backend")
	if _, err := os.Stat(backend); err != nil {
		f.clone.Skip("git-http-backend is not installed")
	}
	server := httptest.NewServer(&cgi.Handler{Path: backend, Env: []string{"GIT_PROJECT_ROOT=" + filepath.Dir(f.bare.Dir), "GIT_HTTP_EXPORT_ALL=1"}})
	f.clone.Cleanup(server.Close)
	return server.URL + "/hub.git"
}

// A server that is there and does not take the push is told apart from one that is
// away: what it said comes along, with what it is about, and nothing was changed.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server   func(*field) string // makes the server refuse, and returns its URL
		branch   bool                // the push brings a branch, too
		kind     refstore.Refusal
		why, ref string
	}{
		"pre-receive, silent": {
			server: func(f *field) string { f.hook("pre-receive", "exit 1"); return f.bare.Dir },
			kind:   refstore.RefusedPush, why: "remote rejected (pre-receive hook declined)",
		},
		"pre-receive, with a reason": {
			server: func(f *field) string {
				f.hook("pre-receive", "echo =====; echo; echo error:; echo error: only on weekdays; echo error:; exit 1")
				return f.bare.Dir
			},
			kind: refstore.RefusedPush, why: "only on weekdays",
		},
		"protected branch": {
			server: func(f *field) string {
				f.hook("update", `case $1 in refs/heads/*) exit 1; esac`)
				return f.bare.Dir
			},
			branch: true, kind: refstore.RefusedPush, why: "hook declined to update refs/heads/main", ref: "refs/heads/main",
		},
		"hidden": {
			server: func(f *field) string { f.bare.Git("config", "receive.hideRefs", "refs/swarm"); return f.bare.Dir },
			kind:   refstore.RefusedPlace, why: "remote rejected (deny updating a hidden ref)",
		},
		"read-only http": {
			server: func(f *field) string {
				f.bare.Git("config", "http.receivepack", "false")
				return f.serveHTTP()
			},
			kind: refstore.RefusedWriter, why: "403",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newField(t)
			r := f.remote(c.server(f), "refs/swarm/")
			updates := []refstore.HubUpdate{{Ref: "claims", New: f.tip}}
			if c.branch {
				updates = append(updates, refstore.HubUpdate{Ref: "refs/heads/main", New: f.tip})
			}
			err := r.Push(context.Background(), nil, updates)
			var refused *refstore.RefusedError
			if !errors.As(err, &refused) {
				t.Fatalf("%T %v", err, err)
			}
			if refused.Kind != c.kind || !strings.Contains(refused.Why, c.why) || strings.HasPrefix(refused.Why, "error:") || refused.Branch != c.ref {
				t.Errorf("%+v", refused)
			}
			if refs := f.bare.Git("for-each-ref"); refs != "" {
				t.Errorf("the hub has %s", refs)
			}
		})
	}
}

func (f *field) hook(name, script string) {
	f.bare.Helper()
	path := filepath.Join(f.bare.Dir, "hooks", name)
	f.bare.Must(os.MkdirAll(filepath.Dir(path), 0o777))
	f.bare.Must(os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o777))
}

// What OpenSSH, gitolite and the forges say to whom they turn away, as a program in
// the place of ssh says it.
func TestDeniedOverSSH(t *testing.T) {
	t.Parallel()
	for said, denied := range map[string]bool{
		"git@hub: Permission denied (publickey).":                                   true,
		"FATAL: W any team reader DENIED by fallthru":                               true,
		"ERROR: Permission to team/hub.git denied to reader.":                       true,
		"ERROR: The key you are authenticating with has been marked as read only.":  true,
		"ssh: connect to host hub port 22: Connection refused":                      false,
		"ssh: Could not resolve hostname hub: Temporary failure in name resolution": false,
		"ssh: connect to host hub port 22: Connection timed out":                    false,
		"Host key verification failed.":                                             false,
	} {
		t.Run(said, func(t *testing.T) {
			t.Parallel()
			f := newField(t)
			f.clone.Git("config", "core.sshCommand", fmt.Sprintf("echo '%s' >&2; exit 255; :", said))
			r := f.remote("ssh://git@hub/team.git", "refs/swarm/")
			for does, err := range map[string]error{"push": f.push(r, "claims"), "fetch": r.Fetch(context.Background(), nil)} {
				var refused *refstore.RefusedError
				var away *refstore.HubError
				if errors.As(err, &refused) != denied || errors.As(err, &away) == denied {
					t.Errorf("%s: %T %v", does, err, err)
				}
				if err != nil && !strings.Contains(err.Error(), strings.TrimSuffix(said, ".")) {
					t.Errorf("%s does not say so: %v", does, err)
				}
			}
		})
	}
}

// Nobody may read: the fetch says so.
func TestDeniedReader(t *testing.T) {
	t.Parallel()
	f := newField(t)
	server := httptest.NewServer(&cgi.Handler{Path: "/bin/sh", Args: []string{"-c", `printf 'Status: 403 no\n\n'`}})
	t.Cleanup(server.Close)
	err := f.remote(server.URL+"/hub.git", "refs/swarm/").Fetch(context.Background(), nil)
	var refused *refstore.RefusedError
	if !errors.As(err, &refused) || refused.Kind != refstore.RefusedReader {
		t.Errorf("%T %v", err, err)
	}
}
