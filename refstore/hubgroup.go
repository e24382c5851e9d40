package refstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// hubGroup is what one push carries of several commands of this clone. The command that
// has the turn opens it with its own change; each that waits for the turn builds its own
// upon all that is in it, and adds that; then the first one closes it, pushes and writes
// how that ended. Until it is closed nothing of it is on the hub.
//
// The group is a folder. A page of it, "0", "1" and so on, has all that the push would
// change; it is made by a hard link, which fails where the page is there: of two commands
// that add at once, or of one that adds while the group is closed, one fails. Nobody
// waits for the lock of another: a command that is stopped or killed holds up nothing.
type hubGroup struct{ dir string }

const (
	pageClosed  = "closed\n" // the page after the last
	groupEnd    = "end"      // the file that says how the push ended
	endLanded   = "landed\n"
	endFailed   = "failed\n"
	groupPoll   = 4 * time.Millisecond
	groupWait   = 250 * time.Millisecond // the default of Options.HubGather
	groupKeep   = 10 * time.Second       // after which what is left of a group is removed
	groupsDir   = "hub-groups"
	waitingDir  = "hub-waiting"
	currentFile = "hub-group"
)

// hubWaiter is the sign that a command waits for the turn and has not yet answered the
// open group. Whoever opens one waits a moment for its answer.
type hubWaiter struct {
	path   string
	unlock func()
}

// announce leaves the sign. If that fails, nobody waits for this command's answer.
func (s *Store) announce() *hubWaiter {
	w := &hubWaiter{path: filepath.Join(s.hubFile(waitingDir), randomName()), unlock: func() {}}
	if file.MkdirAll(filepath.Dir(w.path)) != nil {
		return w
	}
	if unlock, err := file.TryLockPath(w.path); err == nil {
		w.unlock = unlock
	}
	return w
}

// answered takes the sign away.
func (w *hubWaiter) answered() {
	_ = os.Remove(w.path)
	w.unlock()
}

// hubWaiters are the signs of the commands that wait now. Those of killed ones are removed.
func (s *Store) hubWaiters() (paths []string) {
	all, _ := os.ReadDir(s.hubFile(waitingDir))
	for _, e := range all {
		path := filepath.Join(s.hubFile(waitingDir), e.Name())
		if file.Locked(path) {
			paths = append(paths, path)
		} else if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > groupKeep {
			_ = os.Remove(path)
		}
	}
	return paths
}

func randomName() string { return strconv.FormatUint(rand.Uint64(), 36) }

// gather has the changes of the commands that wait for the turn go along with staged. Without
// any, and where a branch moves along, which may be refused for reasons of its own, it does
// nothing.
func (u *sharedUpdate) gather(ctx context.Context, staged *stagedShared) {
	if staged.branch != nil || u.alone {
		return
	}
	awaited := u.store.hubWaiters()
	if len(awaited) == 0 {
		return
	}
	g, err := u.store.openGroup(&groupPage{updates: staged.updates})
	if err != nil {
		return
	}
	for began := time.Now(); len(awaited) > 0 && time.Since(began) < u.store.opts.HubGather; {
		time.Sleep(groupPoll / 2)
		awaited = slices.DeleteFunc(awaited, func(path string) bool { return !file.Locked(path) })
	}
	u.store.opts.Failpoint("gathered")
	all, err := g.close()
	var objects []object.Object
	for i := 0; err == nil && i < len(all.objects); i++ {
		var o object.Object
		o, err = u.store.read(ctx, all.objects[i])
		objects = append(objects, o)
	}
	if err != nil { // alone, whoever has added to it
		g.end(endFailed)
		return
	}
	if len(objects) == 0 {
		return
	}
	staged.group = g
	reflog := refs.ReflogLine(u.who.name, u.who.email, staged.at)
	staged.objects = append(slices.Clip(staged.objects), objects...)
	staged.updates, staged.moves, staged.carries = all.updates, nil, true
	for _, p := range all.updates {
		if ref := localName(TrackingPrefix + p.Ref); classOf(ref) == sharedRef {
			staged.moves = append(staged.moves, refs.Update{Ref: ref, Prev: p.Old, Next: p.New, Reflog: reflog})
		}
	}
}

// openGroup makes the group known to those who wait.
func (s *Store) openGroup(first *groupPage) (*hubGroup, error) {
	s.removeGroups()
	id := randomName()
	g := &hubGroup{filepath.Join(s.hubFile(groupsDir), id)}
	if err := file.MkdirAll(g.dir); err != nil {
		return nil, err
	}
	if err := g.add(0, first.encode()); err != nil {
		return nil, err
	}
	return g, writeOnce(s.hubFile(currentFile), []byte(id), os.Rename)
}

// removeGroups removes what earlier groups have left.
func (s *Store) removeGroups() {
	all, _ := os.ReadDir(s.hubFile(groupsDir))
	for _, e := range all {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > groupKeep {
			_ = os.RemoveAll(filepath.Join(s.hubFile(groupsDir), e.Name()))
		}
	}
}

// openedGroup is the group that was opened last, nil if there is none.
func (s *Store) openedGroup() *hubGroup {
	id, err := file.Read(s.hubFile(currentFile), 64)
	if err != nil || len(id) == 0 || strings.ContainsAny(string(id), "/.") {
		return nil
	}
	return &hubGroup{filepath.Join(s.hubFile(groupsDir), string(id))}
}

// errGroupClosed says that a group takes nothing more.
var errGroupClosed = errors.New("the push of the other command is under way")

// last is the newest page and its number.
func (g *hubGroup) last() (n int, page *groupPage, err error) {
	for ; ; n++ {
		content, err := file.Read(g.page(n), 1<<20)
		switch {
		case errors.Is(err, fs.ErrNotExist) && n > 0:
			return n - 1, page, nil
		case err != nil:
			return 0, nil, err
		case string(content) == pageClosed:
			return 0, nil, errGroupClosed
		}
		if page, err = decodePage(string(content)); err != nil {
			return 0, nil, err
		}
	}
}

// close ends the group and returns all that is in it.
func (g *hubGroup) close() (*groupPage, error) {
	for {
		n, page, err := g.last()
		if err != nil {
			return nil, err
		}
		if err := g.add(n+1, []byte(pageClosed)); !errors.Is(err, fs.ErrExist) {
			return page, err
		}
	}
}

func (g *hubGroup) page(n int) string { return filepath.Join(g.dir, strconv.Itoa(n)) }

// add makes a page, or fails with fs.ErrExist.
func (g *hubGroup) add(n int, content []byte) error { return writeOnce(g.page(n), content, os.Link) }

// end writes how the push of the group ended. Without that, those who are in it ask the hub.
func (g *hubGroup) end(how string) {
	if g != nil {
		_ = writeOnce(filepath.Join(g.dir, groupEnd), []byte(how), os.Link)
	}
}

// ended is what end has written, "" for nothing.
func (g *hubGroup) ended() string {
	how, _ := file.Read(filepath.Join(g.dir, groupEnd), 64)
	return string(how)
}

// writeOnce has the file appear at once with all that it holds, by os.Link or os.Rename. It
// is not made durable: nothing counts on it once all processes are gone.
func writeOnce(path string, content []byte, appear func(from, to string) error) error {
	temp := path + "." + randomName() + ".tmp"
	defer os.Remove(temp)
	if err := os.WriteFile(temp, content, 0o666); err != nil {
		return err
	}
	return appear(temp, path)
}

// groupPage is all that the push of a group would change, and the objects that were made
// for it by those who go along.
type groupPage struct {
	updates []HubUpdate
	objects []object.Hash
}

func (p *groupPage) encode() []byte {
	var out strings.Builder
	for _, u := range p.updates {
		fmt.Fprintf(&out, "%s %s %s\n", u.Ref, u.New, u.Old)
	}
	for _, id := range p.objects {
		fmt.Fprintf(&out, "%s\n", id)
	}
	return []byte(out.String())
}

func decodePage(text string) (*groupPage, error) {
	p := &groupPage{}
	for line := range strings.Lines(text) {
		words := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		switch {
		case len(words) == 3 && words[0] != "" && words[1]+words[2] != "":
			p.updates = append(p.updates, HubUpdate{Ref: words[0], New: object.Hash(words[1]), Old: object.Hash(words[2])})
		case len(words) == 1 && words[0] != "":
			p.objects = append(p.objects, object.Hash(words[0]))
		default:
			return nil, errors.New("the group of changes is damaged")
		}
	}
	return p, nil
}
