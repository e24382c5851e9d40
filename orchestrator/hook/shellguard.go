package hook

import (
	"context"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// guardedWords are in every command that preShell has to look at.
var guardedWords = []string{"push", "send-pack", "stash", "reset", "checkout", "switch", "restore", "clean"}

// ConcernsShell reports whether a command for a shell could be one that is denied.
func ConcernsShell(command string) bool {
	return strings.Contains(command, "git") && slices.ContainsFunc(guardedWords, func(word string) bool { return strings.Contains(command, word) })
}

// preShell denies pushes that git's pre-push hook has no say in, and what throws away
// the changes of others in a checkout that several sessions share.
func (h *Handler) preShell(ctx context.Context, id string) error {
	hooksOff := turnsOffHooks(h.Input.Command)
	for _, g := range gitCommandsIn(h.Input.Command, h.Input.Dir) {
		push, lost := parsePush(g.args), discards(g.args)
		if push == nil && !lost || repo.NearestCommonDir(h.Env, g.dir) != h.Repo.CommonDir {
			continue
		}
		r, err := repo.DiscoverOwn(h.Env, g.dir)
		if err != nil || r.CommonDir != h.Repo.CommonDir {
			continue
		}
		if push != nil {
			push.skipsHooks = push.skipsHooks || hooksOff
			if deny := h.guardedPush(ctx, r, *push); deny != nil {
				return h.Say(*deny)
			}
			continue
		}
		others := h.known().Sharing(r.GitDir, id, h.Claims.StaleAfter(), h.Now())
		if len(others) > 0 {
			return h.Say(DenyDiscard{"git " + g.args[0], others})
		}
	}
	return nil
}

// discards reports whether a command of git's throws away, or puts aside, changes of
// the work tree that it does not name: those of other sessions, too.
func discards(args []string) bool {
	options, paths := split(args[1:])
	has := func(names ...string) bool {
		return slices.ContainsFunc(options, func(o string) bool { return slices.Contains(names, o) })
	}
	short := func(letter string) bool {
		return slices.ContainsFunc(options, func(o string) bool { return !strings.HasPrefix(o, "--") && strings.Contains(o, letter) })
	}
	switch args[0] {
	case "stash": // one stack for all; what it takes and brings back is everybody's
		return len(paths) == 0 || !slices.Contains([]string{"list", "show", "create", "branch", "store"}, paths[0])
	case "reset":
		return has("--hard", "--merge")
	case "checkout", "switch":
		return has("--force", "--discard-changes") || short("f") || args[0] == "checkout" && slices.ContainsFunc(paths, isAll)
	case "restore":
		onlyIndex := (has("--staged") || short("S")) && !has("--worktree") && !short("W")
		return !onlyIndex && slices.ContainsFunc(paths, isAll)
	case "clean":
		return (has("--force") || short("f")) && !has("--dry-run") && !short("n")
	}
	return false
}

// split divides arguments into options and the rest.
func split(args []string) (options, rest []string) {
	for i, arg := range args {
		switch {
		case arg == "--":
			return options, append(rest, args[i+1:]...)
		case strings.HasPrefix(arg, "-"):
			options = append(options, arg)
		default:
			rest = append(rest, arg)
		}
	}
	return options, rest
}

// isAll reports whether a path stands for all files, or could.
func isAll(path string) bool {
	return slices.Contains([]string{".", "./", ":/", ":", "*", ":/.", "..", "../"}, path) || strings.HasPrefix(path, ":/*") || strings.HasPrefix(path, ":(top)") && len(path) == len(":(top)")
}
