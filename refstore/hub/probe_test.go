package hub_test

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/hub"
)

// What a remote does not do is found by trying it, both ways, and the rest was done.
func TestProbe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prefix string // if not refs/swarm/
		config []string
		want   hub.Trial
		why    string
	}{
		"all":          {want: hub.Trial{Fetched: true, Pushed: true, Shown: true, Leased: true}},
		"takes none":   {config: []string{"receive.hideRefs", "refs/swarm"}, want: hub.Trial{Fetched: true}, why: "hidden ref"},
		"shows none":   {config: []string{"uploadpack.hideRefs", "refs/swarm"}, want: hub.Trial{Fetched: true, Pushed: true}, why: "hides them from fetches"},
		"not at once":  {config: []string{"receive.advertiseAtomic", "false"}, want: hub.Trial{Fetched: true}, why: "all at once"},
		"forward only": {prefix: "refs/heads/swarm/", config: []string{"receive.denyDeletes", "true", "receive.denyNonFastForwards", "true"}, want: hub.Trial{Fetched: true, Pushed: true, Shown: true, Leased: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newField(t)
			for set := range slices.Chunk(c.config, 2) {
				f.bare.Git("config", set[0], set[1])
			}
			for range 2 { // a ref that was left does not stand in the way
				got, err := f.remote(f.bare.Dir, cmp.Or(c.prefix, "refs/swarm/")).Probe(context.Background())
				if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
					t.Fatal(err)
				}
				if got.Pushed && got.PushTime <= 0 || got.FetchTime <= 0 {
					t.Errorf("%+v", got)
				}
				if got.FetchTime, got.PushTime = 0, 0; got != c.want {
					t.Errorf("%+v, not %+v", got, c.want)
				}
				if c.why == "hides them from fetches" {
					break // it cannot know what it left there
				}
			}
		})
	}
}

// A clone that probes at the same moment as another tries again.
func TestProbeTwo(t *testing.T) {
	t.Parallel()
	f := newField(t)
	f.bare.Git("fetch", "-q", f.clone.Dir, string(f.tip))
	once, script := filepath.Join(t.TempDir(), "once"), filepath.Join(t.TempDir(), "upload-pack")
	text := "#!/bin/sh\ngit upload-pack \"$@\"\nmkdir " + once + " 2>/dev/null && git -C " + f.bare.Dir + " update-ref refs/swarm/probe " + string(f.tip) + "\n"
	f.clone.Must(os.WriteFile(script, []byte(text), 0o777))
	f.clone.Git("config", "remote.hub.url", f.bare.Dir)
	f.clone.Git("config", "remote.hub.uploadpack", script)
	if got, err := f.remote("hub", "refs/swarm/").Probe(context.Background()); err != nil || !got.Leased {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := os.Stat(once); err != nil {
		t.Error("nobody else has probed")
	}
}

// A clone whose probe another one deletes before it is looked for tries again: the remote
// hides nothing.
func TestProbeDeleted(t *testing.T) {
	t.Parallel()
	f := newField(t)
	dir := t.TempDir()
	script := filepath.Join(dir, "upload-pack")
	text := "#!/bin/sh\nif ! mkdir " + dir + "/first 2>/dev/null && mkdir " + dir + "/second 2>/dev/null; then git -C " + f.bare.Dir + " update-ref -d refs/swarm/probe; fi\nexec git upload-pack \"$@\"\n"
	f.clone.Must(os.WriteFile(script, []byte(text), 0o777))
	f.clone.Git("config", "remote.hub.url", f.bare.Dir)
	f.clone.Git("config", "remote.hub.uploadpack", script)
	if got, err := f.remote("hub", "refs/swarm/").Probe(context.Background()); err != nil || !got.Shown || !got.Leased {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "second")); err != nil {
		t.Error("nothing was deleted")
	}
}

// A remote that is away is found so at the first call.
func TestProbeAway(t *testing.T) {
	t.Parallel()
	f := newField(t)
	got, err := f.remote(f.bare.Dir+".gone", "refs/swarm/").Probe(context.Background())
	var away *refstore.HubError
	if !errors.As(err, &away) || got != (hub.Trial{}) {
		t.Errorf("%+v %v", got, err)
	}
}

// The host is read from every form of a URL.
func TestPace(t *testing.T) {
	t.Parallel()
	f := newField(t)
	f.clone.Git("remote", "add", "origin", "git@github.com:team/work.git")
	for url, want := range map[string]time.Duration{
		"origin":                            10 * time.Second,
		"https://github.com/team/work.git":  10 * time.Second,
		"https://u:p@GitHub.com/team/work":  10 * time.Second,
		"ssh://git@ssh.github.com:443/t/w":  10 * time.Second,
		"git@github.com:team/work.git":      10 * time.Second,
		"https://example.com/github.com/x":  0,
		"/srv/github.com/work.git":          0,
		"ssh://git@github.com.example.org/": 0,
	} {
		if _, got := f.remote(url, "refs/swarm/").Pace(context.Background()); got != want {
			t.Errorf("%s: %s, not %s", url, got, want)
		}
	}
}
