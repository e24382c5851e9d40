package app

import (
	"errors"
	"fmt"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/refstore"
)

// asideLines is how many of the things left out are told one by one.
const asideLines = 5

// tellSetAside says on standard error what the verb could not read and left out.
// What the verb's own error says is not said twice.
func (c *call) tellSetAside(failure error) {
	var said *refstore.DamagedError
	errors.As(failure, &said)
	told, hint := 0, ""
	for _, fault := range c.swarm.SetAside() {
		if said != nil && said.Error() == fault.Error() {
			continue
		}
		if told++; told <= asideLines {
			fmt.Fprintf(c.Stderr, "git swarm: set aside: %s\n", text.Inert(fault.Error()))
		}
		if hint == "" {
			hint = damageHint(fault)
		}
	}
	if told > asideLines {
		fmt.Fprintf(c.Stderr, "git swarm: set aside: %d more\n", told-asideLines)
	}
	if hint != "" {
		fmt.Fprintf(c.Stderr, "hint: %s\n", hint)
	}
}

// damageHint is the command that mends what the error is about.
func damageHint(err error) string {
	switch {
	case errors.Is(err, refstore.ErrVersion):
		return "upgrade git swarm"
	case errors.Is(err, refstore.ErrShallow):
		return "git fetch --unshallow"
	case errors.Is(err, refstore.ErrRewound):
		return ""
	}
	return "git swarm fsck --repair"
}
