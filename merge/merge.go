package merge

import "bytes"

// Options say what Heal may do and how it shows what remains. The zero value heals what is safe and
// writes conflicts as git does by default.
type Options struct {
	// Path names the file; rules depend on its type. It is not opened.
	Path       string
	Level      Level
	Style      Style
	MarkerSize int // 0 means 7
	Labels     Labels
}

// Level is how much Heal dares.
type Level byte

const (
	Safe Level = iota // rules that people agree with about as often as with each other
	Wide              // also rules that are right less often; a person should look
	Off               // no rule: git's own line merge
)

// Result is the merged file.
type Result struct {
	Text       []byte
	Regions    []Region // where git sees a conflict, in order
	Conflicts  int      // how many of them remain
	Regenerate string   // for a file that a program makes: the command to run, if known
}

// Region is one conflict of git's (as its diff3 style shows it) and what became of it. Places are
// lines, counted from 0, up to but without To.
type Region struct {
	Base, Ours, Theirs Span
	Rule               string // that healed it; empty if the conflict remains
	Why                Reason // the conflict remains; NotRefused if not
}

// Span is the lines From to To, the latter not included.
type Span struct{ From, To int }

// Heal merges ours and theirs, two versions of base, as git merge-file does, and then heals each
// conflict that a rule of the level can heal and that stands every check; the others are returned
// with git's markers, to the byte. An empty base is no base: nothing is healed then.
//
// Heal reads nothing but its arguments, keeps no state and may be called at once from anywhere.
func Heal(base, ours, theirs []byte, opts Options) Result {
	if r, ok := trivial(base, ours, theirs); ok {
		return r
	}
	f := newFiles(string(base), string(ours), string(theirs))
	h := healing{files: f, opts: opts, hunks: f.hunks()}
	h.findRegions()
	if why, ok := h.forbidden(base, ours, theirs); ok {
		h.refuse(why)
	} else {
		h.heal()
	}
	return h.result()
}

// trivial merges files of which two are equal.
func trivial(base, ours, theirs []byte) (Result, bool) {
	switch {
	case bytes.Equal(base, theirs), bytes.Equal(ours, theirs):
		return Result{Text: ours}, true
	case bytes.Equal(base, ours):
		return Result{Text: theirs}, true
	}
	return Result{}, false
}

// healing is one merge under way.
type healing struct {
	*files
	opts    Options
	hunks   []hunk
	regions []Region
	at      []int    // the hunk of each region
	texts   []string // the healed text of each region
	how     string   // to make the file anew
}

func (h *healing) findRegions() {
	for i := range h.hunks {
		k := &h.hunks[i]
		if k.kind != conflict {
			continue
		}
		k.region = len(h.regions)
		h.at = append(h.at, i)
		h.regions = append(h.regions, Region{Base: k.base.public(), Ours: k.ours.public(), Theirs: k.theirs.public()})
	}
	h.texts = make([]string, len(h.regions))
}

// forbidden tells why nothing in this file may be healed.
func (h *healing) forbidden(base, ours, theirs []byte) (Reason, bool) {
	how, made := generated(h.opts.Path, ours, theirs)
	switch {
	case h.opts.Level == Off:
		return RulesOff, true
	case len(base) == 0:
		return NoBase, true
	case made:
		h.how = how
		return Generated, true
	case typeOf(h.opts.Path) == records:
		return Records, true
	}
	return NotRefused, false
}

func (h *healing) refuse(why Reason) {
	for i := range h.regions {
		h.regions[i].Rule, h.regions[i].Why = "", why
		h.hunks[h.at[i]].kind = conflict
	}
}

// heal tries the rules on each region, and takes all back if the file was whole on both sides and
// the result is not.
func (h *healing) heal() {
	kind := typeOf(h.opts.Path)
	for i := range h.regions {
		k := &h.hunks[h.at[i]]
		s := &scene{kind: kind, base: h.base.join(k.base), ours: h.ours.join(k.ours), theirs: h.theirs.join(k.theirs)}
		text, name, why := try(s, h.opts.Level)
		h.regions[i].Rule, h.regions[i].Why = name, why
		if why == NotRefused {
			h.texts[i], k.kind = text, healed
		}
	}
}

// try returns the text of the first rule that heals s.
func try(s *scene, level Level) (text, name string, why Reason) {
	why = Overlap
	for _, r := range rules() {
		if r.level > level {
			continue
		}
		text, ok := r.heal(s)
		if !ok {
			continue
		}
		if why = objection(s, r, text); why == NotRefused {
			return text, r.name, why
		}
		return "", "", why
	}
	return "", "", why
}

// objection tells what speaks against a rule's text, if anything does.
func objection(s *scene, r rule, text string) Reason {
	switch {
	case stale(s):
		return Stale
	case bumped(s):
		return Versions
	case doubled(s, text):
		return Doubled
	case !proven(s.base, s.ours, s.theirs, text):
		return Unproven
	}
	if other, ok := r.heal(s.swapped()); !ok || other != text {
		return Unproven
	}
	return NotRefused
}

func (h *healing) result() Result {
	r := Result{Regions: h.regions, Regenerate: h.how}
	for _, g := range r.Regions {
		if g.Rule == "" {
			r.Conflicts++
		}
	}
	hunks := h.hunks
	switch h.opts.Style {
	case StyleMerge:
		hunks = h.refine(hunks)
	case StyleZDiff3:
		h.trimEnds(hunks)
	}
	w := writer{files: h.files, opts: h.opts, texts: h.texts}
	r.Text = w.write(hunks)
	return r
}

func (s span) public() Span { return Span{s.from, s.to} }
