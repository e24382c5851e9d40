package refs

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/odb"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Git serves every repository that the files backend must not touch
// (reftable, SHA-256, shared repositories, a reference-transaction hook, …) by
// asking git: for-each-ref and cat-file to read, unpack-objects and update-ref to
// write. It costs some 10 ms a transaction.
type Git struct {
	Repo      *repo.Repo
	Failpoint func(string) // called with the name of each point that a swap reaches

	mu  sync.Mutex // guards cat, of which readers take turns
	cat *catFile   // started when first needed
}

// ours are the prefixes below which git swarm's refs are: those that it writes, and those
// of a hub as they were fetched.
var ours = []string{"refs/swarm/", "refs/notes/swarm/", "refs/swarm-pins/", "refs/swarm-remotes/"}

// View reads all of git swarm's refs at once: one git process instead of one for
// each ref. Another ref, such as a branch, is read when it is asked for.
func (g *Git) View(ctx context.Context) (View, error) {
	refs, err := g.forEachRef(ctx, ours...)
	if err != nil {
		return nil, err
	}
	return &gitView{refs, func(pattern string) (refList, error) { return g.forEachRef(ctx, pattern) }}, nil
}

// forEachRef is what git for-each-ref says of the refs that have one of these names, or
// are below it.
func (g *Git) forEachRef(ctx context.Context, patterns ...string) (refList, error) {
	cmd := g.Repo.GitParsed(ctx, append([]string{"for-each-ref", "--format=%(objectname) %(refname) %(symref)"}, patterns...)...)
	var warnings bytes.Buffer
	cmd.Stderr = &warnings
	out, err := repo.Output(cmd)
	if err != nil {
		return nil, fmt.Errorf("list refs: %w: %s", err, bytes.TrimSpace(warnings.Bytes()))
	}
	var refs refList
	for line := range strings.Lines(out) {
		words := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if len(words) != 3 || !g.Repo.Algo.Valid(object.Hash(words[0])) {
			return nil, fmt.Errorf("list refs: git answered %.80q", line)
		}
		if words[2] != "" { // git would give the value of another ref
			words[0] = ""
		}
		refs = append(refs, Ref{words[1], object.Hash(words[0])})
	}
	for line := range strings.Lines(warnings.String()) { // git leaves these out, and is content
		if _, name, ok := strings.Cut(strings.TrimSpace(line), "ignoring broken ref "); ok {
			refs = append(refs, Ref{Name: name})
		}
	}
	slices.SortFunc(refs, func(a, b Ref) int { return strings.Compare(a.Name, b.Name) })
	return refs, nil
}

// gitView is git swarm's refs, as View has read them, and a way to ask for others.
type gitView struct {
	read refList
	ask  func(pattern string) (refList, error)
}

func (v *gitView) Tip(ref string) (object.Hash, error) {
	refs, err := v.having(ref)
	if err != nil {
		return "", err
	}
	return refs.Tip(ref)
}

func (v *gitView) List(prefix string) ([]Ref, error) {
	refs, err := v.having(prefix)
	if err != nil {
		return nil, err
	}
	return refs.List(prefix)
}

// having is a list with all refs that have this name, or are below it.
func (v *gitView) having(name string) (refList, error) {
	if slices.ContainsFunc(ours, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
		return v.read, nil
	}
	return v.ask(name)
}

// refList is a view that has been read already, sorted by name. A ref that exists
// but has no value of its own (a symbolic or broken one) has an empty Tip.
type refList []Ref

func (l refList) Tip(ref string) (object.Hash, error) {
	if i, ok := slices.BinarySearchFunc(l, ref, func(r Ref, name string) int { return strings.Compare(r.Name, name) }); ok {
		return l[i].Tip, l[i].check()
	}
	return "", nil
}

func (r Ref) check() error {
	if r.Tip == "" {
		return &DamagedError{Ref: r.Name, Err: errBrokenRef}
	}
	return nil
}

func (l refList) List(prefix string) ([]Ref, error) {
	var below []Ref
	for _, r := range l {
		if strings.HasPrefix(r.Name, prefix) {
			if err := r.check(); err != nil {
				return nil, err
			}
			below = append(below, r)
		}
	}
	return below, nil
}

func (g *Git) Read(ctx context.Context, id object.Hash) (object.Object, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cat == nil {
		cat, err := startCatFile(g.Repo)
		if err != nil {
			return object.Object{}, err
		}
		g.cat = cat
	}
	o, err := g.cat.read(id, g.Repo.Algo)
	if err != nil && !errors.Is(err, odb.ErrNotFound) { // its next line would not be the answer to the next question
		_ = g.cat.close()
		g.cat = nil
	}
	return o, err
}

// Write hands all objects to one git unpack-objects, as a pack on its standard
// input: git stores them as it stores its own (permissions, fsync, quarantine).
func (g *Git) Write(ctx context.Context, objects []object.Object) error {
	if len(objects) == 0 {
		return nil
	}
	pack := encodePack(objects, g.Repo.Algo)
	var err error
	for range writeTries {
		cmd := g.Repo.GitParsed(ctx, "unpack-objects", "-q")
		cmd.Stdin = bytes.NewReader(pack)
		var said *repo.GitError
		if _, err = repo.Output(cmd); !errors.As(err, &said) || !strings.Contains(said.Stderr, "No such file or directory") {
			break
		}
	}
	return err
}

// writeTries is how often git may fail to store an object because a git prune
// removed the folder that it had just made.
const writeTries = 20

// encodePack is a pack of whole objects (gitformat-pack, version 2).
func encodePack(objects []object.Object, algo object.Algo) []byte {
	types := map[object.Kind]byte{object.Commit: 1, object.Tree: 2, object.Blob: 3, object.Tag: 4}
	var b bytes.Buffer
	b.WriteString("PACK\x00\x00\x00\x02")
	n := len(objects)
	b.Write([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	for _, o := range objects {
		size := len(o.Content)
		head := types[o.Kind]<<4 | byte(size&15)
		for size >>= 4; size > 0; size >>= 7 {
			b.WriteByte(head | 0x80)
			head = byte(size & 0x7f)
		}
		b.WriteByte(head)
		z := zlib.NewWriter(&b)
		_, _ = z.Write(o.Content)
		_ = z.Close()
	}
	sum := algo.New()
	sum.Write(b.Bytes())
	return sum.Sum(b.Bytes())
}

func (g *Git) Has(ctx context.Context, objects []object.Object) (bool, error) {
	for _, o := range objects {
		if _, err := g.Read(ctx, o.ID); errors.Is(err, odb.ErrNotFound) {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	return true, nil
}

// Swap is one transaction of git update-ref. warnAmbiguousRefs must be off: with
// it, git reads packed-refs before it takes the lock and can miss a change that
// git pack-refs makes meanwhile.
//
// Once begun it is not cancelled, for git could be stopped between two refs. How
// long git waits for a lock is set here and not left to the configuration.
func (g *Git) Swap(ctx context.Context, queue *os.File, updates []Update) error {
	ctx = context.WithoutCancel(ctx)
	var script strings.Builder
	script.WriteString("start\n")
	for _, u := range updates {
		prev := u.Prev
		if prev == "" {
			prev = object.Hash(strings.Repeat("0", 2*g.Repo.Algo.Size))
		}
		fmt.Fprintf(&script, "update %s %s %s\n", u.Ref, u.Next, prev)
	}
	script.WriteString("prepare\ncommit\n")
	err := g.updateRef(ctx, queue, script.String(), updates)
	if err != nil {
		if cleared, _ := gitlock.Clear(g.Repo); len(cleared) > 0 { // of a command that was killed
			err = g.updateRef(ctx, queue, script.String(), updates)
		}
	}
	if err != nil {
		return g.explain(ctx, updates, err)
	}
	g.Failpoint("renamed")
	return nil
}

// updateRef runs git update-ref in a session of its own, so that what kills us does not
// reach it. It inherits the queue: the next writer waits until it has ended.
func (g *Git) updateRef(ctx context.Context, queue *os.File, script string, updates []Update) error {
	locks := []string{filepath.Join(g.Repo.CommonDir, "packed-refs.lock"), filepath.Join(g.Repo.CommonDir, "reftable", "tables.list.lock")}
	for _, u := range updates {
		locks = append(locks, filepath.Join(g.Repo.CommonDir, u.Ref+".lock"))
	}
	cmd := g.Repo.GitParsed(ctx, "-c", "core.warnAmbiguousRefs=false", "-c", "core.filesRefLockTimeout=100", "update-ref", "--no-deref", "-m", "git swarm", "--stdin")
	cmd.Stdin = strings.NewReader(script)
	cmd.ExtraFiles = []*os.File{queue}
	_, err := repo.OutputBy(cmd, func() error { return gitlock.Detached(g.Repo, cmd, locks) })
	return err
}

// explain finds out what a failed git update-ref has done. It may have been
// killed at any point, and has then left its locks.
func (g *Git) explain(ctx context.Context, updates []Update, failure error) error {
	if err := g.Unlock(updates); err != nil {
		return errors.Join(failure, err)
	}
	refs, err := g.View(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnfinished, errors.Join(failure, err))
	}
	for i, u := range updates {
		switch tip, err := refs.Tip(u.Ref); {
		case err != nil:
			return err
		case i == 0 && tip == u.Next:
			return fmt.Errorf("%w: %w", ErrUnfinished, failure)
		case tip != u.Prev:
			return fmt.Errorf("%s: %w", u.Ref, ErrChanged)
		}
	}
	var said *repo.GitError
	if errors.As(failure, &said) && strings.Contains(said.Error(), ".lock': File exists") {
		return &LockedError{Path: lockNamed(said.Error())}
	}
	for _, u := range updates {
		if _, err := g.Read(ctx, u.Next); errors.Is(err, odb.ErrNotFound) { // taken by git gc
			return fmt.Errorf("%s: %w", u.Ref, ErrChanged)
		}
	}
	return failure
}

// lockNamed is the path that git's "Unable to create '…': File exists" names.
func lockNamed(message string) string {
	_, after, _ := strings.Cut(message, "Unable to create '")
	path, _, _ := strings.Cut(after, "'")
	return path
}

// Unlock removes the locks of a git update-ref that was killed together with us:
// its lock files hold the new values, too.
func (g *Git) Unlock(updates []Update) error {
	if _, err := gitlock.Clear(g.Repo); err != nil {
		return err
	}
	return clearLocks(g.Repo.CommonDir, updates)
}

func (g *Git) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cat == nil {
		return nil
	}
	return g.cat.close()
}

// catFile is a running git cat-file --batch.
type catFile struct {
	cmd   *exec.Cmd
	ask   io.WriteCloser
	reply *bufio.Reader
}

func startCatFile(r *repo.Repo) (*catFile, error) {
	c := &catFile{cmd: r.GitParsed(context.Background(), "cat-file", "--batch")}
	var err error
	if c.ask, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.reply = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start git cat-file: %w", err)
	}
	return c, nil
}

func (c *catFile) read(id object.Hash, algo object.Algo) (object.Object, error) {
	if _, err := io.WriteString(c.ask, string(id)+"\n"); err != nil {
		return object.Object{}, fmt.Errorf("git cat-file: %w", err)
	}
	line, err := c.reply.ReadString('\n')
	if err != nil {
		return object.Object{}, fmt.Errorf("git cat-file: %w", err)
	}
	words := strings.Fields(line)
	if len(words) != 3 {
		return object.Object{}, fmt.Errorf("%s: %w", id.Short(), odb.ErrNotFound)
	}
	size, err := strconv.Atoi(words[2])
	if err != nil {
		return object.Object{}, fmt.Errorf("git cat-file answered %.80q", line)
	}
	if size > odb.MaxSize { // the content is not read, so the caller ends the process
		return object.Object{}, &odb.TooLargeError{ID: id, Size: uint64(size)}
	}
	content := make([]byte, size+1)
	if _, err := io.ReadFull(c.reply, content); err != nil {
		return object.Object{}, fmt.Errorf("git cat-file: %w", err)
	}
	o := algo.NewObject(object.Kind(words[1]), content[:size])
	if o.ID != id {
		return o, fmt.Errorf("%s: git gave another object", id.Short())
	}
	return o, nil
}

func (c *catFile) close() error {
	return errors.Join(c.ask.Close(), c.cmd.Wait())
}
