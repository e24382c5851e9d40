package repo

import (
	"context"
	"slices"
	"strings"
)

// remotes are the names of the remotes that have a URL, in the configuration's order.
func (c *Config) remotes() []string {
	var names []string
	for i := range c.entries {
		name, ok := strings.CutPrefix(c.entries[i].key, "remote.")
		if !ok {
			continue
		}
		if name, ok = strings.CutSuffix(name, ".url"); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// named is the configured remote that goes by this name or URL, "" if none does.
func (f *targetFinder) named(remote string) string {
	if remote == "" || slices.Contains(f.remotes, remote) {
		return remote
	}
	for _, name := range f.remotes {
		if slices.Contains(f.config.All("remote."+name+".url"), remote) {
			return name
		}
	}
	return ""
}

// trackingHead is the symbolic ref that stands for the remote's default branch.
func (f *targetFinder) trackingHead(remote string) string {
	if remote = f.named(remote); remote == "" {
		return ""
	}
	return "refs/remotes/" + remote + "/HEAD"
}

// trackingRef is the ref in which a fetch keeps the remote's branch, "" if none does.
func (f *targetFinder) trackingRef(remote, branch string) string {
	if remote = f.named(remote); remote == "" {
		return ""
	}
	for _, spec := range f.fetched(remote) {
		if ref, ok := spec.rename("refs/heads/" + branch); ok {
			return ref
		}
	}
	return ""
}

// tracked is the branch of the remote that ref keeps, "" if it keeps none.
func (f *targetFinder) tracked(remote, ref string) string {
	for _, spec := range f.fetched(f.named(remote)) {
		if name, ok := (refspec{spec.to, spec.from}).rename(ref); ok {
			if branch, ok := strings.CutPrefix(name, "refs/heads/"); ok {
				return branch
			}
		}
	}
	return ""
}

// refspec is one of remote.NAME.fetch: "refs/heads/*" to "refs/remotes/origin/*".
type refspec struct{ from, to string }

// fetched are the remote's refspecs that keep what they fetch.
func (f *targetFinder) fetched(remote string) []refspec {
	var specs []refspec
	for _, text := range f.config.All("remote." + remote + ".fetch") {
		from, to, ok := strings.Cut(strings.TrimPrefix(text, "+"), ":")
		if ok && to != "" {
			specs = append(specs, refspec{from, to})
		}
	}
	return specs
}

// rename is what a fetch by the refspec makes of the name.
func (s refspec) rename(name string) (string, bool) {
	before, after, pattern := strings.Cut(s.from, "*")
	if !pattern {
		return s.to, name == s.from
	}
	if len(name) < len(before)+len(after) || !strings.HasPrefix(name, before) || !strings.HasSuffix(name, after) {
		return "", false
	}
	return strings.Replace(s.to, "*", name[len(before):len(name)-len(after)], 1), true
}

// lookUp returns those of the refs that exist, each with the ref that it stands
// for: itself, unless it is symbolic. Empty names are left out.
func (r *Repo) lookUp(ctx context.Context, names []string) (map[string]string, error) {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "" })
	refs := map[string]string{}
	if len(names) == 0 { // without a pattern git would list all
		return refs, nil
	}
	if refs, ok := r.lookUpHere(names); ok {
		return refs, nil
	}
	out, err := Output(r.GitParsed(ctx, append([]string{"for-each-ref", "--format=%(refname) %(symref)"}, names...)...))
	for line := range strings.Lines(out) {
		name, to, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if to == "" {
			to = name
		}
		refs[name] = to
	}
	return refs, err
}

// lookUpHere is lookUp by git's own files. ok is false if only git can tell.
func (r *Repo) lookUpHere(names []string) (refs map[string]string, ok bool) {
	values, ok := r.refsHere(names)
	if !ok {
		return nil, false
	}
	refs = map[string]string{}
	for name, v := range values {
		if refs[name] = name; v.to == "" {
			continue
		}
		refs[name] = v.to
		if r.RefHere(v.to) == "" { // it stands for nothing, or for one that is symbolic itself
			return nil, false
		}
	}
	return refs, true
}
