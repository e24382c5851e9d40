package heal

import "testing"

// sides is a conflict: a file's base, and what became of it on either side.
type sides struct{ name, path, base, ours, theirs string }

// between is the conflict of what both sides brought in between lines.
func between(name, path, above, ours, theirs, below string) sides {
	return sides{name, path, above + below, above + ours + below, above + theirs + below}
}

// merge merges at a level, as it is and with the sides swapped.
func (c sides) merge(level Level) [2]Result {
	base, ours, theirs, opts := []byte(c.base), []byte(c.ours), []byte(c.theirs), Options{Path: c.path, Level: level}
	return [2]Result{Merge(base, ours, theirs, opts), Merge(base, theirs, ours, opts)}
}

// stays holds a conflict to staying at each of the levels, with the sides swapped, too.
func (c sides) stays(t *testing.T, levels ...Level) {
	t.Helper()
	for _, level := range levels {
		for _, r := range c.merge(level) {
			if r.Conflicts != len(r.Regions) || r.Conflicts == 0 {
				t.Errorf("%s: healed %+v\n%s", c.name, r.Regions, r.Text)
			}
		}
	}
}

// heals holds a conflict to healing at safe, with the sides swapped, too; by a rule, if one is given.
func (c sides) heals(t *testing.T, want, rule string) {
	t.Helper()
	for _, r := range c.merge(Safe) {
		if string(r.Text) != want || rule != "" && (len(r.Regions) != 1 || r.Regions[0].Rule != rule) {
			t.Errorf("%s: %+v\n%s", c.name, r.Regions, r.Text)
		}
	}
}

// ruleCase is a conflict and what becomes of it: the rule and the healed file, or the reason for which it stays.
type ruleCase struct {
	name, path         string
	base, ours, theirs string
	level              Level
	rule               string
	want               string
	why                Reason
}

// checkRules holds each conflict to what becomes of it, and one that stays to what git leaves.
func checkRules(t *testing.T, cases []ruleCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := Merge([]byte(c.base), []byte(c.ours), []byte(c.theirs), Options{Path: c.path, Level: c.level, Format: format})
			if len(r.Regions) != 1 {
				t.Fatalf("%d regions, want 1: %q", len(r.Regions), r.Text)
			}
			g := r.Regions[0]
			if g.Why != c.why {
				t.Fatalf("%v by %q: %q, want %v", g.Why, g.Rule, r.Text, c.why)
			}
			if c.why == NotRefused && (g.Rule != c.rule || string(r.Text) != c.want || r.Conflicts != 0) {
				t.Errorf("%q by %q, want %q by %q", r.Text, g.Rule, c.want, c.rule)
			}
			if c.why != NotRefused && c.why != Binary {
				if want := lineMerge(c.base, c.ours, c.theirs, format); string(r.Text) != want {
					t.Errorf("left %q, git leaves %q", r.Text, want)
				}
			}
		})
	}
}
