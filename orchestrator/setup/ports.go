package setup

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Ports is a range of ports that is one session's own.
type Ports struct{ First, Count int }

// Ranges lie from lowest up to below highest, where Linux begins with the ports that
// it gives to connections. The first range of a repository begins somewhere in the
// lower half of that, so that two repositories rarely meet.
const (
	lowest  = 16000
	highest = 32768
)

// ErrNoPorts says that all ports are given to sessions.
var ErrNoPorts = errors.New("no range of ports is free: give some back with git swarm retire, or ask for fewer with swarm.ports")

func portsFile(r *repo.Repo) string { return filepath.Join(r.CommonDir, "swarm", "ports") }

// TakePorts gives the session count ports of its own, those that it has if it has as
// many.
func TakePorts(ctx context.Context, r *repo.Repo, session string, count int) (Ports, error) {
	var own Ports
	err := changePorts(ctx, r, func(all map[string]Ports) error {
		own = all[session]
		if own.Count == count {
			return nil
		}
		delete(all, session)
		var ok bool
		if own, ok = freePorts(r, all, count); !ok {
			return ErrNoPorts
		}
		all[session] = own
		return nil
	})
	return own, err
}

// FreePorts gives the session's ports back.
func FreePorts(ctx context.Context, r *repo.Repo, session string) error {
	if _, ok := PortsOf(r, session); !ok {
		return nil
	}
	return changePorts(ctx, r, func(all map[string]Ports) error { delete(all, session); return nil })
}

// RenamePorts gives the ports of sessions, by what they were called, to what they are
// called now. Done again it changes nothing.
func RenamePorts(ctx context.Context, r *repo.Repo, names map[string]string) error {
	all, err := readPorts(r)
	if err != nil || len(all) == 0 {
		return err
	}
	return changePorts(ctx, r, func(all map[string]Ports) error {
		for was, name := range names {
			if p, ok := all[was]; ok {
				delete(all, was)
				all[name] = p
			}
		}
		return nil
	})
}

// PortsOf are the session's ports; ok is false if it has none.
func PortsOf(r *repo.Repo, session string) (own Ports, ok bool) {
	all, err := readPorts(r)
	own, ok = all[session]
	return own, err == nil && ok
}

// freePorts finds a range that meets no other.
func freePorts(r *repo.Repo, all map[string]Ports, count int) (Ports, bool) {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(r.CommonDir))
	slots := (highest - lowest) / count
	start := int(sum.Sum32()%uint32((highest-lowest)/2)) / count
	for i := range slots {
		p := Ports{lowest + (start+i)%slots*count, count}
		free := true
		for _, o := range all {
			free = free && (p.First+p.Count <= o.First || o.First+o.Count <= p.First)
		}
		if free {
			return p, true
		}
	}
	return Ports{}, false
}

// readPorts reads lines "FIRST COUNT SESSION".
func readPorts(r *repo.Repo) (map[string]Ports, error) {
	all := map[string]Ports{}
	content, err := os.ReadFile(portsFile(r))
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	for line := range strings.Lines(string(content)) {
		var p Ports
		var session string
		if n, _ := fmt.Sscanf(line, "%d %d %s", &p.First, &p.Count, &session); n == 3 && p.Count > 0 {
			all[session] = p
		}
	}
	return all, err
}

// changePorts changes who has which ports, while nobody else does.
func changePorts(ctx context.Context, r *repo.Repo, change func(map[string]Ports) error) error {
	if err := file.MkdirAll(filepath.Dir(portsFile(r))); err != nil {
		return err
	}
	unlock, err := file.LockPath(ctx, portsFile(r)+".lock")
	if err != nil {
		return err
	}
	defer unlock()
	all, err := readPorts(r)
	if err == nil {
		err = change(all)
	}
	if err != nil {
		return err
	}
	var text strings.Builder
	for session, p := range all {
		fmt.Fprintf(&text, "%d %d %s\n", p.First, p.Count, session)
	}
	return file.Replace(portsFile(r), []byte(text.String()), 0o666)
}
