package refstore

import (
	"os"
	"path/filepath"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// lister makes a list of numbers anew from a walk down the whole chain, a block of
// lines at a time. Nothing is written before a block is full, or the walk ends. A list
// that cannot be written, or that the chain does not allow, is abandoned silently.
type lister struct {
	list      *numberList
	dir       string   // for the file while it is made
	file      *os.File // nil until the first block is written
	block     []byte   // the lines to be written next; made from its end
	free      int      // bytes of block that hold no line yet, at its beginning
	next      int      // the number of the next line, counted down; 0 before the first
	entries   int
	gaps      int // numbers that no entry has
	abandoned bool
}

// listBlock is how many lines a lister and a reader of a list hold at a time.
const listBlock = 256

func (s *Store) newLister(list *numberList) *lister {
	return &lister{list: list, dir: filepath.Join(s.repo.CommonDir, "swarm")}
}

// add lists the entry, which is the next one below those that were added.
func (l *lister) add(e *Entry) {
	if l.entries++; l.next == 0 {
		l.next = e.Number
	}
	if e.Number > l.next || l.next-e.Number > l.entries+listEvery-l.gaps { // it would be holes for the most part
		l.abandon()
	}
	for !l.abandoned && l.next > e.Number {
		l.skip()
	}
	l.line(e.ID)
}

// skip notes that no entry has the next number.
func (l *lister) skip() {
	l.gaps++
	l.line(l.list.zeros())
}

func (l *lister) line(id object.Hash) {
	if l.abandoned {
		return
	}
	if l.free == 0 {
		l.flush()
		l.block = make([]byte, listBlock*l.list.width())
		l.free = len(l.block)
	}
	l.free -= l.list.width()
	copy(l.block[l.free:], string(id)+"\n")
	l.next--
}

// flush writes the lines of the block where they belong.
func (l *lister) flush() {
	if l.abandoned || l.free == len(l.block) {
		return
	}
	var err error
	if l.file == nil {
		if err = file.MkdirAll(filepath.Dir(l.list.path)); err == nil {
			l.file, err = file.CreateTemp(l.dir, "tmp-", 0o666)
		}
	}
	if err == nil {
		_, err = l.file.WriteAt(l.block[l.free:], int64(l.next)*int64(l.list.width()))
	}
	if err != nil {
		l.abandon()
	}
}

// finish puts the list into its place, if the chain was long enough for one.
func (l *lister) finish() {
	if l.next > l.entries-l.gaps || l.entries < listEvery {
		return
	}
	for !l.abandoned && l.next > 0 {
		l.skip()
	}
	l.flush()
	if l.abandoned {
		return
	}
	name := l.file.Name()
	if l.file.Close() == nil && os.Rename(name, l.list.path) == nil {
		l.file = nil
	}
}

// abandon removes what was written, unless it is in its place.
func (l *lister) abandon() {
	l.abandoned = true
	if l.file != nil {
		_ = l.file.Close()
		_ = os.Remove(l.file.Name())
		l.file = nil
	}
}
