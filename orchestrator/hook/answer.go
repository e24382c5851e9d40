package hook

import (
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/standing"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// Answer is what a hook has to say: one of the types below, Greeting or Reminder.
type Answer interface{ answer() }

// News is what has come for the session since the last time.
type News struct {
	*bus.News
	Damage  []string     // what of the refs cannot be read, if it was not told before; not inert
	Changed []lock.Claim // others' claims under which files were changed here, by a shell or while the hub was away

	Unclaimed []string // files that are edited without a claim, for the hub is out of reach
}

// Newer says, once, that this git swarm cannot read what a newer one wrote.
type Newer struct{ Err error }

// Wake is what has come for a session that is idle: it is woken for it.
type Wake struct{ *bus.News }

// DenyEdit denies an edit of what another session holds.
type DenyEdit struct {
	Held   *lock.HeldError
	Stands standing.Standing // how that session stands

	Unwritable *Unwritable // if nothing can be written, else nil
}

// Unwritable tells an agent at its start that nothing can be written to the git dir.
type Unwritable struct {
	Dir  string
	Full bool // for want of space on its disk
}

// DenySync denies a subagent of the session what takes the session's messages.
type DenySync struct{ Session string }

// DenyPush denies a push that could go to the branch that git swarm push lands on.
type DenyPush struct {
	Branch string
	Why    Unguarded
}

// DenyDiscard denies a command that would throw away, or put aside, what other sessions
// have changed in the same checkout.
type DenyDiscard struct {
	Command string   // as "git stash"
	Others  []string // the sessions that are at work there
}

// Parent tells a subagent which session it works for.
type Parent struct {
	Session string
	Own     string   // the session that it has itself, in a worktree of its own; "" for none
	Held    []string // what the session that it works for claims
}

func (News) answer()        {}
func (*Unwritable) answer() {}
func (Newer) answer()       {}
func (Wake) answer()        {}
func (DenyEdit) answer()    {}
func (DenyPush) answer()    {}
func (DenyDiscard) answer() {}
func (Parent) answer()      {}
func (*Greeting) answer()   {}
func (*Reminder) answer()   {}
func (DenySync) answer()    {}
