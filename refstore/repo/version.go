package repo

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Version is a version of git.
type Version struct{ Major, Minor, Patch int }

// MinVersion is the oldest git that git swarm works with: the first whose
// merge-tree makes real merges (--write-tree).
var MinVersion = Version{2, 38, 0}

func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch) }

// Compare is negative if v is older than w, positive if it is newer, else 0.
func (v Version) Compare(w Version) int {
	return cmp.Or(v.Major-w.Major, v.Minor-w.Minor, v.Patch-w.Patch)
}

// Version asks git for its version. An error wraps [ErrGitTooOld] if it is older
// than [MinVersion]; the version is returned all the same.
func (r *Repo) Version(ctx context.Context) (Version, error) {
	out, err := Output(r.GitParsed(ctx, "version"))
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
	var numbers []int
	for part := range strings.SplitSeq(rest, ".") {
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
	if !ok || len(numbers) < 2 {
		return Version{}, fmt.Errorf("git reports its version as %.80q", text)
	}
	numbers = append(numbers, 0)
	return Version{numbers[0], numbers[1], numbers[2]}, nil
}
