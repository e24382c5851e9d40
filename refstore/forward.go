package refstore

import (
	"context"
	"iter"
	"os"
	"runtime"
	"slices"
	"sync"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// Forward calls visit for the entries of the chain ref up to tip, oldest first, until
// visit returns false. What is damaged, and what a repair set aside, is left out as by
// [Store.Walk]. A long chain is read by its list of numbers, on all processors, a block
// at a time; only entries that the list does not have, and those of a chain of which
// it cannot be made, are in memory together.
func (s *Store) Forward(ctx context.Context, ref string, tip object.Hash, visit func(*Entry) bool) error {
	if tip == "" {
		return nil
	}
	last, more, err := s.forwardListed(ctx, ref, tip, visit)
	if err != nil || !more {
		return err
	}
	var rest []*Entry // newest first
	_, err = s.Walk(ctx, ref, tip, "", func(e *Entry) bool {
		if e.Number > last {
			rest = append(rest, e)
		}
		return e.Number > last
	})
	for _, e := range slices.Backward(rest) {
		if err != nil || !visit(e) {
			break
		}
	}
	return err
}

// forwardListed visits the entries that the list has. It gives the number of the last
// one, and whether there may be more to visit.
func (s *Store) forwardListed(ctx context.Context, ref string, tip object.Hash, visit func(*Entry) bool) (last int, more bool, err error) {
	list, err := s.fittingList(ctx, ref, tip)
	if err != nil || list == nil {
		return 0, err == nil, err
	}
	f, err := os.Open(list.path)
	if err != nil { // it may be deleted at any time
		return 0, true, nil
	}
	defer f.Close()
	below := &link{}
	bad := 0
	for block := range s.listed(ctx, ref, list, f) {
		for i, id := range block.ids {
			l := block.links[i]
			if l == nil && id != "" { // what is wrong with it, or what to wait for, this says
				if l, err = s.link(ctx, ref, id, ""); err != nil {
					return last, false, err
				}
			}
			switch number := block.first + i; {
			case id == "":
				continue
			case l.entry == nil:
				if s.aside(l.fault); bad == maxAside {
					return last, false, l.fault
				}
				bad++
			case l.entry.Number != number || !l.entry.Repair() && l.parent() != below.id:
				if last == number-1 { // it is of something else; else the commits between were set aside
					_ = os.Remove(list.path)
				}
				return last, true, nil
			default:
				if fault := l.follows(ref, below, nil); fault != nil && !l.entry.Repair() {
					s.aside(fault)
				} else if !visit(l.entry) {
					return last, false, nil
				}
			}
			last, below = block.first+i, l
		}
	}
	return last, true, ctx.Err()
}

// fittingList is the list of numbers of the chain that ends at tip, made or brought up
// to date if need be; nil if there is none, as for a short chain.
func (s *Store) fittingList(ctx context.Context, ref string, tip object.Hash) (*numberList, error) {
	top, err := s.link(ctx, ref, tip, "")
	if err != nil || top.entry == nil || top.entry.Number < listEvery {
		return nil, err
	}
	list, fits := s.numbersOf(ref), false
	if list.last != "" {
		fits, err = s.aboveList(ctx, ref, tip, list, func(*Entry) {})
	}
	if err == nil && !fits {
		_, err = s.findWalking(ctx, ref, tip, 0, list)
	}
	if err != nil {
		return nil, err
	}
	now := s.numbersOf(ref)
	switch {
	case now.count > top.entry.Number: // another process has listed what came after tip
		now.count = top.entry.Number
		if now.at(now.count) != tip {
			return nil, nil
		}
	case !fits && now.last != tip:
		return nil, nil
	}
	return now, nil
}

// listedBlock is a stretch of a list, and what could be read of it.
type listedBlock struct {
	first int           // the number of its first line
	ids   []object.Hash // "" for a number that no entry has
	links []*link       // nil where there is no id, or the commit could not be read
}

// listed reads the entries of the list, a block ahead of the loop.
func (s *Store) listed(ctx context.Context, ref string, list *numberList, f *os.File) iter.Seq[*listedBlock] {
	return func(yield func(*listedBlock) bool) {
		ctx, cancel := context.WithCancel(ctx)
		blocks := make(chan *listedBlock)
		go func() {
			defer close(blocks)
			for first := 1; first <= list.count && ctx.Err() == nil; first += listBlock {
				b := &listedBlock{first: first, ids: list.ids(f, first, min(listBlock, list.count-first+1))}
				b.links = s.linksOf(ctx, ref, b.ids)
				select {
				case blocks <- b:
				case <-ctx.Done():
				}
			}
		}()
		defer func() { // nothing is read any more when the loop has ended
			cancel()
			for range blocks {
			}
		}()
		for b := range blocks {
			if !yield(b) {
				return
			}
		}
	}
}

// linksOf reads commits of the chain on all processors.
func (s *Store) linksOf(ctx context.Context, ref string, ids []object.Hash) []*link {
	links := make([]*link, len(ids))
	var wg sync.WaitGroup
	readers := runtime.GOMAXPROCS(0)
	for reader := range readers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := reader * len(ids) / readers; i < (reader+1)*len(ids)/readers; i++ {
				if ids[i] == "" {
					continue
				}
				o, err := s.reader.Read(ctx, ids[i])
				l := &link{id: ids[i]}
				if err == nil && s.decodeLink(ref, l, o) == nil {
					links[i] = l
				}
			}
		}()
	}
	wg.Wait()
	return links
}
