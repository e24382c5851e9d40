package bus

import (
	"context"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
)

const (
	joinPrefix   = "join "
	registeredBy = " was registered by "
)

// joinBody is the body of the entry that registers the sessions: one line that names
// them, and one for each that an agent registered.
func joinBody(added []Registration) string {
	body := strings.TrimSuffix(joinPrefix, " ")
	for _, n := range added {
		body += " " + n.ID + ":" + n.Workstream
	}
	for _, n := range added {
		if n.Registrar != "" {
			body += "\n" + n.ID + registeredBy + n.Registrar
		}
	}
	return body
}

// registrarIn is the session whose agent registered id, by the body of an entry that
// joinBody wrote; ok is false if it registers others.
func registrarIn(body, id string) (registrar string, ok bool) {
	first, rest, _ := strings.Cut(body, "\n")
	words, ok := strings.CutPrefix(first, joinPrefix)
	if !ok || !strings.Contains(" "+words, " "+id+":") {
		return "", false
	}
	for line := range strings.SplitSeq(rest, "\n") {
		if by, found := strings.CutPrefix(line, id+registeredBy); found && CheckID(by) == nil {
			registrar = by
		}
	}
	return registrar, true
}

// Registrar is the session whose agent registered id; "" if a person did, or the
// session's own agent, or if it is not known. It reads the log of the sessions back
// to that entry.
func (b *Bus) Registrar(ctx context.Context, id string) (string, error) {
	s, err := b.Session(ctx, id)
	if err != nil {
		return "", err
	}
	tip, err := b.store.Tip(ctx, SessionsRef)
	if err != nil {
		return "", err
	}
	registrar := ""
	_, err = b.store.Walk(ctx, SessionsRef, tip, "", func(e *refstore.Entry) bool {
		if e.Label != "" {
			return !e.At.Before(s.Joined)
		}
		by, ok := registrarIn(e.Body, s.ID)
		registrar = by
		return !ok
	})
	return registrar, err
}
