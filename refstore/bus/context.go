package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

// Categories are what a context entry can be, in the order in which they are
// listed to people.
var Categories = []string{"decision", "interface", "warning", "convention", "discovery"}

// Context is one entry of the shared context.
type Context struct {
	Number   int
	Category string
	By       string
	Body     string
	At       time.Time

	Origin      string // its name for all clones, with a hub
	Writer, Via string // as [refstore.Entry] has them
}

// AddContext appends an entry to the shared context and returns it with its number.
func (b *Bus) AddContext(ctx context.Context, by, category, body string) (Context, error) {
	if !slices.Contains(Categories, category) {
		return Context{}, Inputf("unknown category '%s': one of %s", category, strings.Join(Categories, ", "))
	}
	if err := checkBody(body); err != nil {
		return Context{}, err
	}
	var added Context
	err := b.Update(ctx, by, func(tx *refstore.Tx, _ string) error {
		e, err := tx.Append(ContextRef, refstore.Entry{Label: category, Body: body})
		if err == nil {
			added = contextOf(e)
		}
		return err
	})
	return added, err
}

// Context visits the shared context, newest first, until visit returns false.
// Damaged entries are left out: [refstore.Store.SetAside] tells.
func (b *Bus) Context(ctx context.Context, visit func(Context) bool) error {
	tip, err := b.store.Tip(ctx, ContextRef)
	if err != nil {
		return err
	}
	_, err = b.store.Walk(ctx, ContextRef, tip, "", eachContext(visit))
	return err
}

// ContextForward is Context the other way round, oldest first. It does not hold more
// than some of it in memory: see [refstore.Store.Forward].
func (b *Bus) ContextForward(ctx context.Context, visit func(Context) bool) error {
	tip, err := b.store.Tip(ctx, ContextRef)
	if err != nil {
		return err
	}
	return b.store.Forward(ctx, ContextRef, tip, eachContext(visit))
}

// ContextEntry is the entry of that number, or an ErrNotExist.
func (b *Bus) ContextEntry(ctx context.Context, number int) (Context, error) {
	e, err := b.store.Find(ctx, ContextRef, number)
	if errors.Is(err, refstore.ErrNotExist) {
		return Context{}, fmt.Errorf("context #%d %w", number, refstore.ErrNotExist)
	}
	if err != nil {
		return Context{}, err
	}
	return contextOf(e), nil
}

func eachContext(visit func(Context) bool) func(*refstore.Entry) bool {
	return func(e *refstore.Entry) bool { return e.Repair() || visit(contextOf(e)) }
}

func contextOf(e *refstore.Entry) Context {
	return Context{e.Number, e.Label, e.Author, e.Body, e.At, e.Origin, e.Writer, e.Via}
}
