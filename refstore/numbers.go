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
	var newer []object.Hash // newest first
	next, fits := 0, true
	reached, err := s.Walk(ctx, ref, tip, list.last, func(e *Entry) bool {
		if e.Number == number && !e.Repair() {
			found = e
		}
		fits = fits && !e.Repair() && (next == 0 || e.Number == next)
		next = e.Number - 1
		newer = append(newer, e.ID)
		return e.Number > list.count
	})
	if err != nil || !reached || !fits || len(newer) > 0 && next != list.count {
		return found, err
	}
	if len(newer) >= listEvery {
		list.extend(newer)
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

// findWalking walks from the tip down to the number. If that is far, it goes on to the
// end, and lists the numbers.
func (s *Store) findWalking(ctx context.Context, ref string, tip object.Hash, number int, list *numberList) (found *Entry, err error) {
	var ids []object.Hash // newest first
	var numbers []int
	bad, stopped := 0, false
	sound := true // the numbers descend, and nothing was left out
	_, err = s.walk(ctx, ref, tip, "", func(fault *DamagedError) bool {
		s.aside(fault)
		sound = false
		bad++
		return bad <= maxAside
	}, func(e *Entry) bool {
		if e.Number == number && !e.Repair() {
			found = e
		}
		sound = sound && (len(numbers) == 0 || e.Number < numbers[len(numbers)-1])
		ids, numbers = append(ids, e.ID), append(numbers, e.Number)
		stopped = e.Number <= number && (!sound || len(ids) < listEvery)
		return !stopped
	})
	if err == nil && sound && !stopped && len(ids) >= listEvery && numbers[0] <= 2*len(ids) {
		list.write(ids, numbers)
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
	line := make([]byte, l.width())
	if _, err := f.ReadAt(line, int64(number-1)*int64(len(line))); err != nil {
		return ""
	}
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

// write makes the list of the ids and their numbers, newest first.
func (l *numberList) write(ids []object.Hash, numbers []int) {
	lines := bytes.Repeat([]byte(string(l.zeros())+"\n"), numbers[0])
	for i, n := range numbers {
		copy(lines[(n-1)*l.width():], ids[i])
	}
	if file.MkdirAll(filepath.Dir(l.path)) == nil {
		_ = file.Replace(l.path, lines, 0o666)
	}
}
