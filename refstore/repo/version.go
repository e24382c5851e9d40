package repo

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Version is a version, of git or of another program.
type Version struct{ Major, Minor, Patch int }

// MinVersion is the oldest git that git swarm works with: the first whose
// merge-tree makes real merges (--write-tree).
var MinVersion = Version{2, 38, 0}

func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch) }

// Compare is negative if v is older than w, positive if it is newer, else 0.
func (v Version) Compare(w Version) int {
	return cmp.Or(v.Major-w.Major, v.Minor-w.Minor, v.Patch-w.Patch)
}

// GitVersion asks the git on PATH for its version, in a repository or not. An
// error wraps [ErrGitTooOld] if it is older than [MinVersion]; the version is
// returned all the same. Where there is no git it is [ErrNoGit].
func GitVersion(ctx context.Context, env Env) (Version, error) {
	out, err := Output(gitIn(ctx, parsedEnv(env), "/", []string{"version"}))
	if err != nil {
		return Version{}, err
	}
	v, err := parseVersion(out)
	if err == nil && v.Compare(MinVersion) < 0 {
		err = fmt.Errorf("%w: %s, need %s", ErrGitTooOld, v, MinVersion)
	}
	return v, err
}

// parseVersion reads "git version 2.39.5 (Apple Git-154)", "git version
// 2.50.GIT", "git version 2.54.0-rc2" or "git version 2.45.1.windows.1".
func parseVersion(text string) (Version, error) {
	text = strings.TrimSpace(text)
	rest, ok := strings.CutPrefix(text, "git version ")
	v, found := ParseVersion(rest)
	if !ok || !found {
		return Version{}, fmt.Errorf("git reports its version as %.80q", text)
	}
	return v, nil
}

// ParseVersion reads the two or three numbers that text begins with, as in
// "2.1.330 (Claude Code)".
func ParseVersion(text string) (v Version, ok bool) {
	var numbers []int
	for part := range strings.SplitSeq(text, ".") {
		digits := part[:len(part)-len(strings.TrimLeft(part, "0123456789"))]
		n, err := strconv.Atoi(digits)
		if err != nil {
			break
		}
		numbers = append(numbers, n)
		if len(digits) < len(part) {
			break
		}
	}
	if len(numbers) < 2 {
		return Version{}, false
	}
	numbers = append(numbers, 0)
	return Version{numbers[0], numbers[1], numbers[2]}, true
}
