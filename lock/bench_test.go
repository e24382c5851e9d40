package lock

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// One claim and its release, among few and many others and after a short and a
// long history. The yardstick is git doing as little: one ref moved by a process.
func BenchmarkGrant(b *testing.B) {
	for _, c := range []struct{ claims, history int }{{10, 1}, {100_000, 1}, {10, 20_000}} {
		s := newSwarm(b, "A", "B")
		s.plantTable(c.claims)
		s.plantHistory(c.history)
		name := fmt.Sprintf("%d-claims/%d-commits", c.claims, c.history)
		b.Run(name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				path := fmt.Sprintf("d%d/new", i%300)
				s.grant("A", path)
				s.Must(s.Release(bg, "A", []string{path}))
			}
		})
		b.Run(name+"/refused", func(b *testing.B) {
			for b.Loop() {
				if _, ok := errors.AsType[*HeldError](refstoretest.Err(s.Grant(bg, "A", Request{Paths: []string{"d0/s0/f0"}}))); !ok {
					b.Fatal("not refused")
				}
			}
		})
		b.Run(name+"/list", func(b *testing.B) {
			for b.Loop() {
				if all, err := s.List(bg, ""); err != nil || len(all) != c.claims {
					b.Fatal(len(all), err)
				}
			}
		})
		b.Run(name+"/git-update-ref", func(b *testing.B) {
			for b.Loop() {
				if err := exec.Command("git", "-C", s.Dir, "update-ref", "refs/swarm/bench", ClaimsRef).Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
		faults, _, err := Fsck(bg, s.bus)
		if len(faults) > 0 || err != nil {
			b.Fatalf("what was measured is not what git swarm writes: %v, %v", faults, err)
		}
	}
}

// The push lock taken and given back, with nobody else there.
func BenchmarkPushLock(b *testing.B) {
	s := newSwarm(b, "A")
	p := s.push(LeaseTime)
	for b.Loop() {
		g, _, err := p.Acquire(bg, "A", Wait{Timeout: time.Second})
		if err == nil {
			err = g.Release(bg)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// plantTable makes that many claims of B in one commit, a thousand to a folder
// of folders.
func (s *swarm) plantTable(claims int) {
	s.Helper()
	blob := s.Feed(strings.Replace(claimText, "'A'", "'B'", 1), "hash-object", "-w", "--stdin")
	var index strings.Builder
	for i := range claims {
		fmt.Fprintf(&index, "100644 %s\td%d/s%d/f%d\n", blob, i%100, i/100%10, i)
	}
	file := filepath.Join(s.TempDir(), "index")
	for _, args := range [][]string{{"update-index", "--index-info"}, {"write-tree"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Stdin, cmd.Env = s.Dir, strings.NewReader(index.String()), append(os.Environ(), "GIT_INDEX_FILE="+file)
		out, err := cmd.Output()
		s.Must(err)
		if args[0] == "write-tree" {
			s.commit(ClaimsRef, strings.TrimSpace(string(out)), "claim\n\nNumber: 1\nEpoch: 1\nFormat: 1\n")
		}
	}
}

// plantHistory puts that many commits on the claims, as many claims and releases
// would, and packs them.
func (s *swarm) plantHistory(commits int) {
	s.Helper()
	tree := s.Git("rev-parse", ClaimsRef+"^{tree}")
	var stream strings.Builder
	parent := s.Git("rev-parse", ClaimsRef)
	for i := range commits {
		message := fmt.Sprintf("claim x\n\nNumber: %d\nEpoch: %d\nFormat: 1\n", i+2, 1+i)
		stream.WriteString("commit " + ClaimsRef + "\nmark :" + strconv.Itoa(i+1) + "\n")
		fmt.Fprintf(&stream, "author A <a@example.com> %d +0000\ncommitter T <t@example.com> %[1]d +0000\ndata %d\n%s\nfrom %s\n", 1767323045+i, len(message), message, parent)
		fmt.Fprintf(&stream, "M 040000 %s \n\n", tree)
		parent = ":" + strconv.Itoa(i+1)
	}
	s.Feed(stream.String(), "fast-import", "--quiet")
	s.Git("gc", "-q")
}
