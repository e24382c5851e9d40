package land

import (
	"context"
	"crypto/sha256"
	"fmt"
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
	return fmt.Sprintf("%s %x\n", tree, sha256.Sum256([]byte(command)))
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
