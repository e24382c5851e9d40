package hub

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// probeRef is the ref, below the prefix, on which it is tried what the remote accepts;
// probeTracking is where the remote has it, as far as is known here, meanwhile.
const (
	probeRef      = "probe"
	probeTracking = "refs/swarm-remotes/probe"
	probeTries    = 5 // to find the ref where it was seen
)

// Trial is how far a remote does what a hub must, in the order in which it was tried,
// and what it costs.
type Trial struct {
	Fetched bool // it can be read
	Pushed  bool // it takes a ref below the prefix, as one of several that move all at once
	Shown   bool // a fetch finds that ref
	Leased  bool // it is not moved from where it is not

	FetchTime, PushTime time.Duration
}

// Probe tries whether the remote accepts what a hub must: a push below the prefix, all
// at once and under a lease, that a fetch then finds. The ref that is used for it may
// stay; of what this clone has fetched from its hub nothing is changed. The error says why
// the Trial ended early.
func (r *Remote) Probe(ctx context.Context) (t Trial, err error) {
	defer func() {
		_, _ = repo.Line(r.Repo.GitParsed(context.WithoutCancel(ctx), "update-ref", "-d", probeTracking))
	}()
	first, err := r.place(ctx, &t)
	for try := 1; errors.Is(err, refstore.ErrStale) && try < probeTries; try++ { // another clone probes, too
		select {
		case <-ctx.Done():
			return t, err
		case <-time.After(mathrand.N(time.Duration(try)*t.FetchTime + 1)):
		}
		first, err = r.place(ctx, &t)
	}
	if err != nil {
		return t, err
	}
	second, err := r.trial(ctx, first)
	if err != nil {
		return t, err
	}
	switch err := r.Push(ctx, nil, []refstore.HubUpdate{{Ref: probeRef, Old: second, New: second}}); {
	case err == nil:
		return t, &ConfigError{Remote: r.Name, Why: "moves a ref from where it is not (git push --force-with-lease)"}
	case !errors.Is(err, refstore.ErrStale):
		return t, err
	}
	t.Leased = true
	_, _ = r.run(ctx, nil, "push", "--quiet", "--no-verify", r.Name, ":"+r.Prefix+probeRef)
	return t, nil
}

// place moves probeRef from where it is to a trial commit, and looks whether a fetch shows
// that.
func (r *Remote) place(ctx context.Context, t *Trial) (first object.Hash, err error) {
	began := time.Now()
	old, err := r.look(ctx)
	if err != nil {
		return "", err
	}
	t.Fetched, t.FetchTime = true, time.Since(began)
	if first, err = r.trial(ctx, old); err != nil {
		return "", err
	}
	began = time.Now()
	if err := r.Push(ctx, nil, []refstore.HubUpdate{{Ref: probeRef, Old: old, New: first}}); err != nil {
		return "", err
	}
	t.Pushed, t.PushTime = true, time.Since(began)
	now, err := r.look(ctx)
	if t.Shown = err == nil && now != old; t.Shown || err != nil {
		return first, err
	}
	second, err := r.trial(ctx, first)
	if err != nil {
		return "", err
	}
	// Another clone's probe may have put back in between what was there before.
	if err := r.Push(ctx, nil, []refstore.HubUpdate{{Ref: probeRef, Old: first, New: second}}); err != nil {
		return "", err
	}
	return "", &ConfigError{Remote: r.Name, Why: fmt.Sprintf("takes pushes below %s, and hides them from fetches", r.Prefix)}
}

// trial is a commit that the remote cannot have, after the one that it has, if any: a
// server may let refs move forward alone.
func (r *Remote) trial(ctx context.Context, after object.Hash) (object.Hash, error) {
	tree, err := repo.Line(r.Repo.GitParsed(ctx, "hash-object", "-t", "tree", "-w", "--stdin"))
	if err != nil {
		return "", err
	}
	args := []string{"commit-tree", tree, "-m", "git swarm tries " + rand.Text()}
	if after != "" {
		args = append(args, "-p", string(after))
	}
	commit, err := repo.Line(r.Repo.GitParsed(ctx, args...))
	return object.Hash(commit), err
}

// look has probeTracking be what the remote has, "" for no such ref.
func (r *Remote) look(ctx context.Context) (object.Hash, error) {
	if err := r.fetch(ctx, nil, "+"+r.Prefix+probeRef+"*:"+probeTracking+"*"); err != nil {
		return "", err
	}
	out, err := repo.Line(r.Repo.GitParsed(ctx, "for-each-ref", "--format=%(objectname)", probeTracking))
	return object.Hash(strings.TrimSpace(out)), err
}

// paces are the least gaps between pushes that hosts ask for, by the names of the hosts.
var paces = map[string]time.Duration{
	"github.com": 10 * time.Second, // six pushes a minute to a repository
}

// Pace is the least gap between pushes that the remote's host asks for, by its name; 0
// for none that is known.
func (r *Remote) Pace(ctx context.Context) (host string, gap time.Duration) {
	url, err := repo.Line(r.Repo.GitParsed(ctx, "remote", "get-url", "--push", r.Name))
	if err != nil { // it is named by its URL
		url = r.Name
	}
	if _, rest, ok := strings.Cut(url, "://"); ok {
		url = rest
	}
	if _, rest, ok := strings.Cut(url, "@"); ok {
		url = rest
	}
	host, _, _ = strings.Cut(url, "/")
	host, _, _ = strings.Cut(strings.ToLower(host), ":")
	host = strings.TrimPrefix(host, "ssh.")
	return host, paces[host]
}
