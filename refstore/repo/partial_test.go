package repo_test

import "testing"

// TestPartial: every way in which versions of git say that a clone is partial, and none
// that they do not.
func TestPartial(t *testing.T) {
	p := newPlace(t)
	p.repo("full")
	p.git("full", "commit", "-q", "--allow-empty", "-m", "one")
	p.git("full", "config", "uploadpack.allowFilter", "true")
	p.git("", "clone", "-q", "--filter=blob:none", "file://"+p.path("full"), "clone")
	p.git("", "clone", "-q", "full", "whole")
	for _, c := range []struct {
		in, key, value string
		want           bool
	}{
		{in: "full"},
		{in: "whole"},
		{in: "clone", want: true},
		{in: "full", key: "extensions.partialClone", value: "origin", want: true},
		{in: "full", key: "remote.Some.where.partialCloneFilter", value: "tree:0", want: true},
		{in: "full", key: "remote.origin.promisor", value: "on", want: true},
		{in: "full", key: "remote.origin.promisor", value: "false"},
		{in: "full", key: "promisor.quiet", value: "true"},
	} {
		if c.key != "" {
			p.git(c.in, "config", c.key, c.value)
		}
		if got, err := p.discover(c.in).Partial(); err != nil || got != c.want {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
		if c.key != "" {
			p.git(c.in, "config", "--unset", c.key)
		}
	}
	p.git("full", "config", "remote.origin.promisor", "perhaps")
	if _, err := p.discover("full").Partial(); err == nil {
		t.Error("git refuses that value")
	}
}
