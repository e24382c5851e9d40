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
		newest.byPath(func(claim lock.Claim) bool {
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

// Claims of a newer git swarm are left out of every list, which has all of the others and
// ends with an error that names the first: in JSON a line as well, so that every line is
// one. Where nothing else is listed it does not say that nothing is claimed.
func TestClaimsOfNewer(t *testing.T) {
	t.Parallel()
	w := newTown(t, "files")
	w.plant(lock.ClaimsRef, func(f *forgery) {
		f.tree = w.state(lock.ClaimsRef, "100644", "ahead", "version = 2\nsession = 'B'\n")
	})
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
	const wrong = "refs/swarm/claims: ahead: made by a newer git swarm: upgrade (version 2)"
	const all = wrong + ", and 1 more"
	for _, args := range [][]string{{"claims"}, {"claims", "--all"}} {
		out, complaint := run(args...)
		lines := strings.Split(out, "\n")
		if len(lines) != 4 || !strings.HasPrefix(lines[1], "lib    B  ") || !strings.HasPrefix(lines[2], "src/a  A  ") {
			t.Errorf("%v said\n%s", args, out)
		}
		if want := "git swarm: " + all + "\nhint: upgrade git swarm\n"; complaint != want {
			t.Errorf("%v said\n%swant\n%s", args, complaint, want)
		}
	}
	out, _ := run("claims", "--json")
	var kinds []string
	for line := range strings.Lines(out) {
		var object struct{ Kind, Path, Error string }
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		kinds = append(kinds, object.Kind+" "+object.Path+object.Error)
	}
	if want := []string{"claim lib", "claim src/a", "error " + all}; !slices.Equal(kinds, want) {
		t.Errorf("%q, want %q", kinds, want)
	}
	out, complaint := run("claims", "ahead")
	if want := "git swarm: " + wrong + "\nhint: upgrade git swarm\n"; out != "" || complaint != want {
		t.Errorf("it said\n%s%swant\n%s", out, complaint, want)
	}
}

// A line that claimLines makes of parts is the one that encoding/json makes, whatever
// differs from the claim before.
func TestClaimLines(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	texts := []string{"", "src/a.go", `a "quoted" \ word`, "<b>&", "\x7f\x00\n", "\u2028", "é", "\xff", "❤\ufe0f\u200d", "\u202e", "\U000e0041"}
	some := func() string { return texts[random.IntN(len(texts))] }
	times := []time.Time{{}, time.Unix(1700000000, 0), time.Unix(1700000001, 5).UTC(), time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC)}
	var got, want bytes.Buffer
	lines := claimLines{list: &listing{out: bufio.NewWriter(&got), columns: text.Columns{Heading: []string{"Path"}}, json: true}}
	claim := lock.Claim{Session: "A", Epoch: 1}
	for range 2000 {
		claim.Path = some()
		switch random.IntN(8) {
		case 0:
			claim.Session = "A" + some()
		case 1:
			claim.Reason = some()
		case 2:
			claim.Since = times[random.IntN(len(times))]
		case 3:
			claim.Epoch = random.IntN(3)
		}
		if !lines.add(claim) {
			t.Fatal(lines.list.err)
		}
		if err := writeObject(&want, "claim", jsonClaim(claim)); err != nil {
			t.Fatal(err)
		}
	}
	if err := lines.list.end(); err != nil || got.String() != want.String() {
		for line := range strings.Lines(want.String()) {
			said, _ := got.ReadString('\n')
			if said != line {
				t.Fatalf("%v: it printed\n%swant\n%s", err, said, line)
			}
		}
	}
}
