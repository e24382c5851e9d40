package land

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// verifiedFile is the file of the common git dir that remembers which trees have
// passed which command: lines "SECONDS TREE HASH", appended. Nothing but runs of the
// command in this clone is in it.
func verifiedFile(r *repo.Repo) string { return filepath.Join(r.CommonDir, "swarm", "verified") }

// verifiedFor is how long a tree is known to have passed.
const verifiedFor = 24 * time.Hour

// verifiedLines is how many lines the file has before the old ones are taken out.
const verifiedLines = 1000

// treeOf is the tree of a commit.
func treeOf(ctx context.Context, r *repo.Repo, commit string) (string, error) {
	return repo.Line(r.GitParsed(ctx, "rev-parse", "--verify", commit+"^{tree}"))
}

// passed reports whether the tree has passed the command of late.
func (l *Lander) passed(tree string) bool {
	content, err := file.Read(verifiedFile(l.Repo), 1<<20)
	if err != nil {
		return false
	}
	key := verifiedKey(l.Verify, tree)
	for line := range strings.Lines(string(content)) {
		if at, rest, ok := strings.Cut(line, " "); ok && rest == key && fresh(at) {
			return true
		}
	}
	return false
}

// verifiedKey is what follows the time in a line.
func verifiedKey(command, tree string) string {
	return fmt.Sprintf("%s %s\n", tree, commandHash(command))
}

// fresh reports whether the time in a line is not too long ago, nor in the future.
func fresh(at string) bool {
	seconds, err := strconv.ParseInt(at, 10, 64)
	age := time.Since(time.Unix(seconds, 0))
	return err == nil && age >= 0 && age < verifiedFor
}

// remember notes that the tree has passed the command. If it cannot be written, the
// command runs once more another time.
func (l *Lander) remember(tree string) {
	path := verifiedFile(l.Repo)
	content, _ := file.Read(path, 1<<20)
	line := fmt.Sprintf("%d %s", time.Now().Unix(), verifiedKey(l.Verify, tree))
	if strings.Count(string(content), "\n") >= verifiedLines {
		var kept strings.Builder
		for old := range strings.Lines(string(content)) {
			if at, _, _ := strings.Cut(old, " "); fresh(at) && strings.HasSuffix(old, "\n") {
				kept.WriteString(old)
			}
		}
		if strings.Count(kept.String(), "\n") < verifiedLines {
			_ = file.Replace(path, []byte(kept.String()+line), 0o666)
			return
		}
		_ = file.Replace(path, []byte(line), 0o666)
		return
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		return
	}
	_, _ = f.WriteString(line)
	_ = f.Close()
}

// tookFile is the file of the common git dir that says how long the command took when it
// passed last: a line "MILLISECONDS HASH".
func tookFile(r *repo.Repo) string { return filepath.Join(r.CommonDir, "swarm", "verify-took") }

// took is how long the command took when it passed last, 0 if that is not known.
func (l *Lander) took() time.Duration {
	content, _ := file.Read(tookFile(l.Repo), 1<<10)
	took, hash, _ := strings.Cut(strings.TrimSuffix(string(content), "\n"), " ")
	ms, err := strconv.ParseInt(took, 10, 32)
	if err != nil || ms < 0 || hash != commandHash(l.Verify) {
		return 0
	}
	return time.Duration(ms) * time.Millisecond
}

// rememberTime notes how long the command took. If that cannot be written, it is not
// known.
func (l *Lander) rememberTime(took time.Duration) {
	ms := min(took.Milliseconds(), math.MaxInt32)
	_ = file.Replace(tookFile(l.Repo), fmt.Appendf(nil, "%d %s\n", ms, commandHash(l.Verify)), 0o666)
}

// commandHash stands for a command in such files.
func commandHash(command string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(command))) }
