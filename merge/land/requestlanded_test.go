package land

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// A request that has landed has not ended while the session could not be told, and the
// next look tells it, once: also where the one before was killed after it had.
func TestEndRequestStopped(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(f *field, end func(context.Context, refstore.Options) error){
		"refused": func(f *field, end func(context.Context, refstore.Options) error) {
			path := filepath.Join(f.app, ".git", "refs", "swarm", "inbox", "A.lock")
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, nil, 0o666)); err != nil {
				f.Fatal(err)
			}
			if err := end(f.Context(), refstore.Options{Timeout: 100 * time.Millisecond}); err == nil {
				f.Error("it has ended beside a lock of the inbox")
			}
			if err := os.Remove(path); err != nil {
				f.Fatal(err)
			}
		},
		"told to end": func(f *field, end func(context.Context, refstore.Options) error) {
			ctx, cancel := context.WithCancel(f.Context())
			defer cancel()
			if err := end(ctx, refstore.Options{Failpoint: func(p string) {
				if p == "queued" {
					cancel()
				}
			}}); err == nil {
				f.Error("it has ended although it was told to end")
			}
		},
		"killed": func(f *field, end func(context.Context, refstore.Options) error) {
			defer func() {
				if recover() == nil {
					f.Error("it was not killed")
				}
			}()
			_ = end(f.Context(), refstore.Options{Failpoint: func(p string) {
				if p == "renamed" {
					panic("killed")
				}
			}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, fields := newGround(t, "A")
			a := fields[0]
			a.commit("by A", "A", "changed\n")
			target := a.target()
			open := func(context.Context, Request) (string, error) { return "https://example.com/1", nil }
			_, request, err := a.lander().PushRequest(t.Context(), target, open)
			if err != nil || request == nil || !strings.HasPrefix(a.session().Note, bus.RequestNote) {
				t.Fatalf("%+v, %q, %v", request, a.session().Note, err)
			}
			landGit(t, a.hub, "update-ref", "refs/heads/main", "refs/heads/feat/A")
			a.git("fetch", "-q", "origin")
			stop(a, func(ctx context.Context, opts refstore.Options) error {
				store := refstore.Open(a.repo(), opts)
				defer store.Close()
				b := bus.New(store)
				_, err := (&Lander{Repo: store.Repo(), Bus: b, Claims: lock.NewClaims(b, time.Hour, false), Session: a.id}).EndRequest(ctx, target)
				return err
			})
			if name != "killed" && (len(a.news()) > 0 || !strings.HasPrefix(a.session().Note, bus.RequestNote)) {
				t.Errorf("told %q, noted %q", a.news(), a.session().Note)
			}
			for look := 1; look <= 2; look++ {
				landed, err := a.lander().EndRequest(t.Context(), target)
				if err != nil || landed != (look == 1) || InRequest(a.repo()) || a.session().Note != "" {
					t.Errorf("look %d: %t, noted %q, %v", look, landed, a.session().Note, err)
				}
				if news := a.news(); len(news) != 1 || !strings.HasPrefix(news[0], "your feat/A landed on origin/main by its request") {
					t.Errorf("look %d: told %q", look, news)
				}
			}
		})
	}
}
