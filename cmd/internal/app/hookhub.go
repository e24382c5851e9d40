package app

import (
	"cmp"
	"context"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/settings"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// mayPushToHub refuses a plain push to the hub of refs that git swarm keeps, as of
// git push --mirror: what this clone has of them would replace what all have. remote and
// url are how git names where it pushes, input is what it says of each ref.
func (c *call) mayPushToHub(ctx context.Context, remote, url, input string) error {
	s, err := c.Settings()
	if err != nil {
		return err
	}
	h, _ := s.Hub.Get() // of what is no good here, a push needs the prefix alone
	if h.Remote == "" {
		return nil
	}
	config, err := c.swarm.Repo.Config()
	if err != nil {
		return err
	}
	if _, err := settings.ReadHubPrefix(config); err != nil { // which refs are the hub's is not known
		return err
	}
	kept := ""
	for line := range strings.Lines(input) {
		if words := strings.Fields(line); len(words) == 4 && isKept(words[2], h.Prefix) {
			kept = words[2]
			break
		}
	}
	if kept == "" {
		return nil
	}
	if remote != h.Remote {
		hub, err := repo.Line(c.swarm.Repo.GitParsed(ctx, "remote", "get-url", "--push", h.Remote))
		if err != nil { // the hub is named by its URL
			hub = h.Remote
		}
		if url != hub {
			return nil
		}
	}
	return no("git swarm hub sync delivers what waits here; to push branches alone: git push "+text.ShellWord(cmp.Or(remote, url))+" BRANCH",
		"'%s' is not pushed to the hub by hand: it would replace what other clones have written", text.Inert(kept))
}

// isKept reports whether git swarm alone writes that ref of a hub with that prefix, or
// it is one of a clone's own.
func isKept(ref, prefix string) bool {
	for _, p := range []string{prefix, "refs/swarm/", "refs/swarm-remotes/", "refs/swarm-pins/"} {
		if strings.HasPrefix(ref, p) {
			return true
		}
	}
	return false
}
