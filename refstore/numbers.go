package refstore

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// listEvery is how many entries of a chain are walked before its list of numbers is
// brought up to date: as many as take a few milliseconds.
const listEvery = 256

// numberList is a file in the git dir whose line N is the id of entry N of a chain, or
// zeros. It is derived: it counts only as far as its last id is in the chain, it is made
// anew where it does not fit, and it may be deleted at any time.
type numberList struct {
	path  string
	algo  object.Algo
	count int         // lines
	last  object.Hash // the id in the last of them; "" if there is no such list
}

// Find returns the entry of that number in the chain ref, or ErrNotExist. In a long
// chain it goes by a list of the numbers that it keeps in the git dir.
func (s *Store) Find(ctx context.Context, ref string, number int) (*Entry, error) {
	tip, err := s.Tip(ctx, ref)
	if err != nil {
		return nil, err
	}
	list := s.numbersOf(ref)
	found, err := s.findListed(ctx, ref, tip, number, list)
	if err == nil && found == nil && number > 0 {
		found, err = s.findWalking(ctx, ref, tip, number, list)
	}
	if err == nil && found == nil {
		err = fmt.Errorf("%s #%d: %w", ref, number, ErrNotExist)
	}
	return found, err
}

// findListed walks from the tip to where the list ends, and looks further down there.
// It gives nil if the list does not help.
func (s *Store) findListed(ctx context.Context, ref string, tip object.Hash, number int, list *numberList) (found *Entry, err error) {
	if list.last == "" {
		return nil, nil
	}
	fits, err := s.aboveList(ctx, ref, tip, list, func(e *Entry) {
		if e.Number == number && !e.Repair() {
			found = e
		}
	})
	if err != nil || !fits {
		return found, err
	}
	if found != nil || number > list.count {
		return found, nil
	}
	id := list.at(number)
	if id == "" {
		return nil, nil
	}
	e, err := s.Entry(ctx, ref, id)
	if err != nil || e.Number != number || e.Repair() {
		return nil, nil // what is wrong with it, the walk says
	}
	return e, nil
}

// aboveList visits the entries between tip and the end of the list, which it brings up
// to date if they are many. fits reports whether the list goes on below them.
func (s *Store) aboveList(ctx context.Context, ref string, tip object.Hash, list *numberList, visit func(*Entry)) (fits bool, err error) {
	var newer []object.Hash // newest first
	next, fits := 0, true
	reached, err := s.Walk(ctx, ref, tip, list.last, func(e *Entry) bool {
		visit(e)
		fits = fits && !e.Repair() && (next == 0 || e.Number == next)
		next = e.Number - 1
		newer = append(newer, e.ID)
		return e.Number > list.count
	})
	if err != nil || !reached || !fits || len(newer) > 0 && next != list.count {
		return false, err
	}
	if len(newer) >= listEvery {
		list.extend(newer)
	}
	return true, nil
}

// findWalking walks from the tip down to the number. If that is far, it goes on to the
// end, and lists the numbers.
func (s *Store) findWalking(ctx context.Context, ref string, tip object.Hash, number int, list *numberList) (found *Entry, err error) {
	lister := s.newLister(list)
	defer lister.abandon()
	bad, stopped := 0, false
	_, err = s.walk(ctx, ref, tip, "", func(fault *DamagedError) bool {
		s.aside(fault)
		lister.abandon()
		bad++
		return bad <= maxAside
	}, func(e *Entry) bool {
		if e.Number == number && !e.Repair() {
			found = e
		}
		lister.add(e)
		stopped = e.Number <= number && (lister.abandoned || lister.entries < listEvery)
		return !stopped
	})
	if err == nil && !stopped {
		lister.finish()
	}
	return found, err
}

// numbersOf opens the list of ref's numbers, which need not be there.
func (s *Store) numbersOf(ref string) *numberList {
	name := strings.TrimPrefix(ref, "refs/swarm/")
	l := &numberList{path: filepath.Join(s.repo.CommonDir, "swarm", "numbers", filepath.FromSlash(name)), algo: s.repo.Algo}
	f, err := os.Open(l.path)
	if err != nil {
		return l
	}
	defer f.Close()
	l.measure(f)
	return l
}

// width is the length of a line in bytes.
func (l *numberList) width() int { return 2*l.algo.Size + 1 }

// zeros stands for a number that no entry has.
func (l *numberList) zeros() object.Hash { return object.Hash(strings.Repeat("0", 2*l.algo.Size)) }

// measure sets count and last to what f holds.
func (l *numberList) measure(f *os.File) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	l.count = int(info.Size()) / l.width()
	l.last = l.read(f, l.count)
}

// at is the id of that number, "" if the list does not tell.
func (l *numberList) at(number int) object.Hash {
	f, err := os.Open(l.path)
	if err != nil {
		return ""
	}
	defer f.Close()
	return l.read(f, number)
}

func (l *numberList) read(f io.ReaderAt, number int) object.Hash {
	if number < 1 || number > l.count {
		return ""
	}
	return l.ids(f, number, 1)[0]
}

// ids are those of n numbers from first on; "" for one that the list does not tell.
func (l *numberList) ids(f io.ReaderAt, first, n int) []object.Hash {
	ids := make([]object.Hash, n)
	lines := make([]byte, n*l.width())
	got, _ := f.ReadAt(lines, int64(first-1)*int64(l.width()))
	text := string(lines[:got])
	for i := range ids {
		if end := (i + 1) * l.width(); end <= len(text) {
			ids[i] = l.id(text[end-l.width() : end])
		}
	}
	return ids
}

// id is what the line says; "" for zeros, and for what is no id.
func (l *numberList) id(line string) object.Hash {
	id := object.Hash(line[:len(line)-1])
	if line[len(line)-1] != '\n' || !l.algo.Valid(id) || id == l.zeros() {
		return ""
	}
	return id
}

// extend appends the ids that come after the last one, newest first. That the git dir
// cannot be written, or that another process is at it, is no trouble: the list stays
// as it is.
func (l *numberList) extend(ids []object.Hash) {
	f, err := os.OpenFile(l.path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	if file.TryLock(f) != nil {
		_ = f.Close()
		return
	}
	defer file.Unlock(f)
	now := numberList{algo: l.algo}
	if now.measure(f); now.count != l.count || now.last != l.last {
		return
	}
	var lines bytes.Buffer
	for i := len(ids) - 1; i >= 0; i-- {
		lines.WriteString(string(ids[i]) + "\n")
	}
	_, _ = f.WriteAt(lines.Bytes(), int64(l.count)*int64(l.width()))
}
