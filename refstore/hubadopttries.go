package refstore

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

func (s *Store) adoptingFile() string { return s.hubFile("hub-adopting") }

// Adopting reports whether an adoption was begun that has not come to its end.
func (s *Store) Adopting() bool {
	_, err := os.Lstat(s.adoptingFile())
	return err == nil
}

// Adopted forgets an adoption that has come to its end, or was not begun.
func (s *Store) Adopted() error {
	err := os.Remove(s.adoptingFile())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}

// begunAdoption is the adoption that was pushed by an earlier run, nil if none was;
// swapped says that the refs here are those of the clone already.
func (d *adopter) begunAdoption(ctx context.Context) (a *Adoption, swapped bool, err error) {
	s := d.store
	tips, err := s.Tips(ctx, TrackingPrefix+hubName(metaRef), metaRef, TrackingPrefix+hubName(s.fromRef()), s.fromRef())
	if err != nil {
		return nil, false, err
	}
	if tips[2] != "" {
		if a, err = d.pushed(ctx, tips[2]); err != nil {
			return nil, false, err
		}
	}
	switch {
	case tips[0] == "":
		return nil, false, ErrNoSwarm
	case tips[3] == "" && tips[2] != "" && a == nil:
		return nil, false, ErrCloneTaken
	case tips[3] != "" && a == nil, tips[1] != "" && tips[1] != tips[0]:
		return nil, false, ErrLeftHub
	case a != nil:
		err = d.look(ctx, a)
	}
	return a, tips[3] != "", err
}

// pushed is the adoption with which an earlier run has begun the ref at tip; nil if another
// clone has.
func (d *adopter) pushed(ctx context.Context, tip object.Hash) (*Adoption, error) {
	tries, err := d.tries()
	if err != nil {
		return nil, err
	}
	var first *Entry
	_, err = d.store.Walk(ctx, d.store.fromRef(), tip, "", func(e *Entry) bool { first = e; return true })
	for _, a := range tries {
		if first != nil && first.Label == labelJoin && first.Body == a.Nonce {
			return a, err
		}
	}
	return nil, err
}

// tries are the adoptions that may be on their way to the hub.
func (d *adopter) tries() (tries []*Adoption, err error) {
	content, err := file.Read(d.store.adoptingFile(), 16<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(content, &tries)
	}
	return tries, err
}

// save keeps the adoption among the tries.
func (d *adopter) save(a *Adoption) error {
	tries, err := d.tries()
	if err != nil {
		return err
	}
	same := func(b *Adoption) bool { return b.Nonce == a.Nonce }
	content, err := json.Marshal(append(slices.DeleteFunc(tries, same), a))
	if err != nil {
		return err
	}
	return file.Replace(d.store.adoptingFile(), append(content, '\n'), 0o666)
}

// forget takes the adoption out of the tries: it has certainly not reached the hub.
func (d *adopter) forget(a *Adoption) error {
	tries, err := d.tries()
	if err != nil {
		return err
	}
	tries = slices.DeleteFunc(tries, func(b *Adoption) bool { return b.Nonce == a.Nonce })
	if len(tries) == 0 {
		_ = os.Remove(d.store.hubFile("hub-joining"))
		return d.store.Adopted()
	}
	content, err := json.Marshal(tries)
	if err != nil {
		return err
	}
	return file.Replace(d.store.adoptingFile(), append(content, '\n'), 0o666)
}
