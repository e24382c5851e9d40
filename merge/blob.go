package merge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// maxBlob bounds the versions of a file that are read into memory.
const maxBlob = 64 << 20

var errTooLarge = errors.New("object is too large")

// readBlobs reads objects, by one git each, so that none is read that is too large.
func readBlobs(ctx context.Context, git Git, ids ...string) ([][]byte, error) {
	check := git(ctx, "cat-file", "--batch-check=%(objectsize)")
	check.Stdin = strings.NewReader(strings.Join(ids, "\n") + "\n")
	sizes, err := repo.Output(check)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(sizes) {
		size, err := strconv.Atoi(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, fmt.Errorf("object %s", strings.TrimSuffix(line, "\n")) // "ID missing"
		}
		if size > maxBlob {
			return nil, errTooLarge
		}
	}
	cmd := git(ctx, "cat-file", "--batch=%(objectsize)")
	cmd.Stdin = strings.NewReader(strings.Join(ids, "\n") + "\n")
	out, err := repo.Output(cmd)
	if err != nil {
		return nil, err
	}
	in := bufio.NewReader(strings.NewReader(out))
	var blobs [][]byte
	for _, id := range ids {
		line, _ := in.ReadString('\n')
		size, err := strconv.Atoi(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, fmt.Errorf("object %s is missing", id)
		}
		blob := make([]byte, size+1)
		if _, err := io.ReadFull(in, blob); err != nil {
			return nil, fmt.Errorf("object %s: %w", id, err)
		}
		blobs = append(blobs, blob[:size])
	}
	return blobs, nil
}
