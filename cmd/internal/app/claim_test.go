package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
)

// The newest are those that a stable sort by age puts first, and stay in order of path.
func TestNewestClaims(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		held := make([]lock.Claim, random.IntN(300))
		for i := range held {
			held[i] = lock.Claim{Path: strconv.Itoa(1000 + i), Since: time.Unix(random.Int64N(40), 0)}
		}
		want := slices.Clone(held)
		slices.SortStableFunc(want, func(a, b lock.Claim) int { return b.Since.Compare(a.Since) })
		want = want[:min(len(want), 50)]
		slices.SortFunc(want, func(a, b lock.Claim) int { return strings.Compare(a.Path, b.Path) })
		var newest newestClaims
		for _, claim := range held {
			newest.add(claim)
		}
		var got []lock.Claim
		_ = newest.byPath(func(claim lock.Claim) bool {
			got = append(got, claim)
			return true
		})
		if !slices.Equal(got, want) || newest.of != len(held) {
			t.Fatalf("of %d: %v of %d, want %v", len(held), got, newest.of, want)
		}
	}
}

// A list has its last column where one of its rows has something there, and where it is
// longer than what is aligned together.
func TestListingBlankColumn(t *testing.T) {
	t.Parallel()
	list := func(rows ...string) (heading string, n int) {
		var out bytes.Buffer
		l := listing{out: bufio.NewWriter(&out), columns: text.Columns{Heading: []string{"Path", "Reason"}, Flexible: []int{1}, Width: 20}, empty: true}
		for _, reason := range rows {
			l.row(text.Cells("a", reason))
		}
		if err := l.end(); err != nil {
			t.Fatal(err)
		}
		heading, rest, _ := strings.Cut(out.String(), "\n")
		return heading, strings.Count(rest, "a")
	}
	for _, c := range []struct {
		rows []string
		want string
	}{
		{nil, ""},
		{[]string{"", ""}, "Path"},
		{[]string{"", "x", ""}, "Path  Reason"},
		{make([]string, listingRows-1), "Path"},
		{make([]string, listingRows+1), "Path  Reason"},
	} {
		if heading, n := list(c.rows...); heading != c.want || n != len(c.rows) {
			t.Errorf("of %d rows it lists %d under %q, not %q", len(c.rows), n, heading, c.want)
		}
	}
}

// A list that ends at a claim of a newer git swarm says so after what it has printed: a
// line of JSON as well, so that every line is one. The newest alone are not listed in part.
func TestClaimsOfNewer(t *testing.T) {
	t.Parallel()
	w := newTown(t, "files")
	w.plant(lock.ClaimsRef, func(f *forgery) {
		f.tree = w.state(lock.ClaimsRef, "100644", "newer", "version = 2\nsession = 'B'\n")
	})
	run := func(args ...string) (out, complaint string) {
		var stdout, stderr bytes.Buffer
		if code := w.app("A", &stdout, &stderr).Run(context.Background(), args); code != exitFatal {
			t.Errorf("%v: exit code %d", args, code)
		}
		return stdout.String(), stderr.String()
	}
	check := func(said, want string) {
		t.Helper()
		if said != want {
			t.Errorf("it said\n%swant\n%s", said, want)
		}
	}
	const wrong = "refs/swarm/claims: newer: made by a newer git swarm: upgrade (version 2)"
	out, complaint := run("claims")
	check(out, "")
	check(complaint, "git swarm: "+wrong+"\nhint: upgrade git swarm\n")
	out, complaint = run("claims", "--all")
	if !strings.HasPrefix(out, "Path  Session  Since\nlib   B  ") || strings.Count(out, "\n") != 2 {
		t.Errorf("it said\n%s", out)
	}
	check(complaint, "git swarm: "+wrong+"\nhint: upgrade git swarm\n")
	out, complaint = run("claims", "--json")
	check(complaint, "git swarm: "+wrong+"\nhint: upgrade git swarm\n")
	var kinds []string
	for line := range strings.Lines(out) {
		var object struct{ Kind, Path, Error string }
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		kinds = append(kinds, object.Kind+" "+object.Path+object.Error)
	}
	if want := []string{"claim lib", "error " + wrong}; !slices.Equal(kinds, want) {
		t.Errorf("%q, want %q", kinds, want)
	}
}
