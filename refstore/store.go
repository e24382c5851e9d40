package refstore

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/odb"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Options are what a Store needs from outside. The zero value is for production.
type Options struct {
	Now     func() time.Time // default time.Now
	Timeout time.Duration    // how long Update tries before ErrBusy; default 10 s

	// Via says how whoever writes named the session that they act as, such as
	// "--session"; "" if the session acts for itself. See [Entry.Via].
	Via func() string

	// Failpoint is called at named points of a transaction; tests kill or delay the
	// process there. The points, in order: "queued", "logged", "written",
	// "locked" (once a ref), "renamed" (once a ref), "kept"; around a push to the hub,
	// "push" and "pushed"; and where changes wait for the hub, "gathered" before no more
	// of them can go along, and "joined" in those that do.
	Failpoint func(point string)

	// Hub is the remote through which this clone meets the others, as Clone; nil for
	// none. What it has counts for HubInterval (default 5 s) after it was fetched, and a
	// change that is made there waits for others for HubPatience (default 30 s). Its push
	// waits for HubGather at most (default 250 ms) for those that go along.
	Hub         Hub
	Clone       string
	HubInterval time.Duration
	HubPatience time.Duration
	HubGather   time.Duration

	// HubPace is the least gap between two pushes of what was published here; 0 for
	// none. Paced, if not nil, is called where that keeps something here: it sees to it
	// that another process calls AwaitPace, and Refresh then.
	HubPace time.Duration
	Paced   func()

	// Renamed, if not nil, is called with the name that this clone has taken because
	// another copy of it writes under the one that it had.
	Renamed func(clone string)

	// Later, if not nil, is called where the hub is due and nobody must wait for it: it
	// sees to it that another process calls Refresh soon.
	Later func()

	// ThroughGit asks git for everything, also where it could be done in process.
	ThroughGit bool
}

// Store is git swarm's state in one repository. It may be used by several
// goroutines at once for reading; Update takes them one by one.
type Store struct {
	repo    *repo.Repo
	opts    Options
	reader  refs.Backend
	writer  refs.Backend // nil until the first Update: choosing it needs more configuration
	objects *odb.DB
	choose  sync.Mutex // guards writer

	won  atomic.Int64           // when this store last made a shared change, as in hubPast
	name atomic.Pointer[string] // of this clone, where it is not Options.Clone any more

	noting  sync.Mutex // guards what follows
	trouble error      // see HubTrouble
	left    []*DamagedError
	leftOut map[string]bool // the texts of left
}

// Open chooses how to read the repository's refs; it opens no ref and no object.
func Open(r *repo.Repo, opts Options) *Store {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Timeout == 0 {
		opts.Timeout = 10 * time.Second
	}
	if opts.Via == nil {
		opts.Via = func() string { return "" }
	}
	if opts.HubInterval == 0 {
		opts.HubInterval = 5 * time.Second
	}
	if opts.HubPatience == 0 {
		opts.HubPatience = 30 * time.Second
	}
	if opts.HubGather == 0 {
		opts.HubGather = groupWait
	}
	if opts.Failpoint == nil {
		opts.Failpoint = func(string) {}
	}
	s := &Store{repo: r, opts: opts}
	if ok, _ := r.ReadInProcess(); ok && !opts.ThroughGit {
		s.objects = odb.Open(r.ObjectDir, odb.Options{Fallback: s.readThroughGit})
		s.reader = &refs.Files{Dir: r.CommonDir, Algo: r.Algo, Objects: s.objects, Failpoint: opts.Failpoint}
	} else {
		s.reader = &refs.Git{Repo: r, Failpoint: opts.Failpoint}
	}
	return s
}

// Close ends what the Store has open. It does not undo or complete anything.
func (s *Store) Close() error {
	var err error
	if s.writer != nil && s.writer != s.reader {
		err = s.writer.Close()
	}
	return errors.Join(err, s.reader.Close())
}

// Repo is the repository that the Store was opened on.
func (s *Store) Repo() *repo.Repo { return s.repo }

// Now is the time, to the second, as everything stored is.
func (s *Store) Now() time.Time { return s.opts.Now().Truncate(time.Second) }

// readThroughGit finds what only git can: objects of a partial clone, say.
func (s *Store) readThroughGit(ctx context.Context, id object.Hash) (object.Object, error) {
	g := &refs.Git{Repo: s.repo}
	defer g.Close()
	return g.Read(ctx, id)
}

// chooseWriter decides between the two backends, by the whole configuration.
func (s *Store) chooseWriter() error {
	s.choose.Lock()
	defer s.choose.Unlock()
	if s.writer != nil {
		return nil
	}
	inProcess, _ := s.repo.InProcess()
	if !inProcess || s.opts.ThroughGit {
		s.writer = s.reader
		if _, ok := s.reader.(*refs.Git); !ok {
			s.writer = &refs.Git{Repo: s.repo, Failpoint: s.opts.Failpoint}
		}
		return nil
	}
	looseObject, reference := s.repo.Fsync()
	config, err := s.repo.Config()
	if err != nil {
		return err
	}
	logNotes, err := config.Bool("core.logAllRefUpdates", !s.repo.Bare)
	if err != nil {
		return err
	}
	s.writer = &refs.Files{
		Dir:       s.repo.CommonDir,
		Algo:      s.repo.Algo,
		Objects:   odb.Open(s.repo.ObjectDir, odb.Options{Fallback: s.readThroughGit, Fsync: looseObject}),
		Fsync:     reference,
		LogNotes:  logNotes,
		Failpoint: s.opts.Failpoint,
	}
	return nil
}

// Tip returns the commit that the ref points at, "" if there is no such ref.
func (s *Store) Tip(ctx context.Context, ref string) (object.Hash, error) {
	v, err := s.reader.View(ctx)
	if err != nil {
		return "", err
	}
	return v.Tip(ref)
}

// Tips is Tip for several refs at once, in the order asked.
func (s *Store) Tips(ctx context.Context, names ...string) ([]object.Hash, error) {
	v, err := s.reader.View(ctx)
	if err != nil {
		return nil, err
	}
	tips := make([]object.Hash, len(names))
	for i, ref := range names {
		if tips[i], err = v.Tip(ref); err != nil {
			return nil, err
		}
	}
	return tips, nil
}

// Read reads an object of the repository, checked against its id.
func (s *Store) Read(ctx context.Context, id object.Hash) (object.Object, error) {
	return s.reader.Read(ctx, id)
}

// WriteObjects writes objects that no ref has: until [Store.Pin] keeps them, git gc
// --prune=now may take them.
func (s *Store) WriteObjects(ctx context.Context, objects []object.Object) error {
	if err := s.chooseWriter(); err != nil {
		return err
	}
	return s.writer.Write(ctx, objects)
}

// Refs lists the refs below prefix, sorted by name. prefix ends in "/".
func (s *Store) Refs(ctx context.Context, prefix string) ([]Ref, error) {
	v, err := s.reader.View(ctx)
	if err != nil {
		return nil, err
	}
	return v.List(prefix)
}

// commit reads a commit of the chain ref that must be sound by itself.
func (s *Store) commit(ctx context.Context, ref string, id object.Hash) (*object.CommitData, *Entry, error) {
	l, err := s.link(ctx, ref, id, "")
	if err == nil {
		err = l.fault
	}
	if err != nil {
		return nil, nil, err
	}
	return l.data, l.entry, nil
}

// Entry reads one commit of the chain ref.
func (s *Store) Entry(ctx context.Context, ref string, id object.Hash) (*Entry, error) {
	_, e, err := s.commit(ctx, ref, id)
	return e, err
}
