package heal

import "strings"

// renaming maps the old name of each identifier that a side renamed throughout the file to the new one.
type renaming map[token]token

// oldNames is a conflict with the names that the sides gave taken back.
type oldNames struct {
	*conflict
	names renaming
	ok    bool
}

// renamed: one side renamed identifiers throughout the file, and the other knows nothing of the new names.
// The conflict is healed by the rules of safe under the old names, and the text is given the new ones.
func renamed(c *conflict) (string, bool) {
	old := c.underOldNames()
	if !old.ok {
		return "", false
	}
	text := old.ours
	switch {
	case old.ours == old.base:
		text = old.theirs
	case old.theirs != old.base:
		var why Reason
		if text, _, _, why = try(old.conflict, Safe); why != NotRefused {
			return "", false
		}
	}
	return old.names.spell(text), true
}

// underOldNames takes the new names back; not ok if there are none, or it is not certain what they are.
func (c *conflict) underOldNames() oldNames {
	if c.old == nil {
		c.old = &oldNames{}
		if p := c.tokens(); p.ok {
			*c.old = p.underOldNames(c)
		}
	}
	return *c.old
}

func (p *pieces) underOldNames(c *conflict) oldNames {
	byOurs, okX := p.renames(p.x, p.y, c.baseFile, c.oursFile, c.theirsFile)
	byTheirs, okY := p.renames(p.y, p.x, c.baseFile, c.theirsFile, c.oursFile)
	if !okX || !okY || len(byOurs)+len(byTheirs) == 0 {
		return oldNames{}
	}
	ours, theirs := c.moves()
	if !byOurs.certain(theirs.in, c.theirs, c.baseFile) || !byTheirs.certain(ours.in, c.ours, c.baseFile) {
		return oldNames{}
	}
	all, back := renaming{}, renaming{}
	for _, names := range []renaming{byOurs, byTheirs} {
		for from, to := range names {
			all[from], back[to] = to, from
		}
	}
	if len(back) < len(byOurs)+len(byTheirs) || len(all) < len(back) {
		return oldNames{}
	}
	old := *c
	old.ours, old.theirs = back.spell(c.ours), back.spell(c.theirs)
	old.byLine, old.byToken, old.merge, old.greater, old.old = nil, nil, nil, nil, &oldNames{}
	return oldNames{&old, all, true}
}

// several is the number of places in which a name stands at least, before and after: a word replaced in one
// is no name renamed.
const several = 2

// candidates bounds the pairs of names that are looked for in the file.
const candidates = 64

// renames are the identifiers that a side renamed throughout the file: the old name is in several places of
// the base, the new one in none, and on the side it is the other way round. The other side knows nothing of
// the new one. Not ok if the other side takes out or replaces an old name within the conflict: of two
// replacements none is chosen, and a deletion contains no renaming.
func (p *pieces) renames(edits, others []edit, baseFile, sideFile, otherFile string) (renaming, bool) {
	out, seen := renaming{}, map[[2]int32]bool{}
	for _, e := range edits {
		if e.at.Len() != 1 || len(e.with) != 1 || len(seen) == candidates {
			continue
		}
		pair := [2]int32{p.base[e.at.From], e.with[0]}
		from, to := p.names[pair[0]], p.names[pair[1]]
		if seen[pair] || !isName(from) || !isName(to) {
			continue
		}
		seen[pair] = true
		if occurs(sideFile, from) == 0 && occurs(baseFile, to) == 0 && occurs(otherFile, to) == 0 &&
			occurs(baseFile, from) >= several && occurs(sideFile, to) >= several {
			out[from] = to
		}
	}
	for _, f := range others {
		for i := f.at.From; i < f.at.To; i++ {
			if out[p.names[p.base[i]]] != "" {
				return nil, false
			}
		}
	}
	return out, true
}

// certain reports whether what the other side has may be given the new names: the old ones stand there as
// the base has them, as members of something or not, and it brings in none of a family in which a name was
// changed.
func (r renaming) certain(in tally, text, baseFile string) bool {
	for from, to := range r {
		went, came := tally{from: 1}, tally{to: 1}
		if in.any(func(t token) bool { return ofFamily(t, went, came) || renamedStem(t, went, came) }) {
			return false
		}
		known := marksBefore(baseFile, from)
		for mark := range marksBefore(text, from) {
			if !known[mark] {
				return false
			}
		}
	}
	return true
}

// marksBefore are the marks that stand right before a name and make it a part of something, a name or a
// string; where none does, a blank.
func marksBefore(text string, name token) map[token]bool {
	out, before := map[token]bool{}, " "
	for len(text) > 0 {
		t := text[:tokenLen(text)]
		if t == name {
			if !joins[before] && !strings.Contains("'\"`", before) {
				before = " "
			}
			out[before] = true
		}
		before, text = t, text[len(t):]
	}
	return out
}

// isName reports whether a word may be the name of something in the file. Words of the languages are
// replaced, not renamed.
func isName(t token) bool {
	if !isWord(t[0]) || isNumber(t) {
		return false
	}
	switch strings.ToLower(t) {
	case "a", "an", "the", "var", "let", "const", "final", "static", "public", "private", "protected",
		"func", "fn", "def", "class", "struct", "enum", "interface", "type", "trait", "this", "self", "super",
		"if", "else", "for", "while", "return", "void", "bool", "boolean", "byte", "char", "short", "int", "long", "float", "double",
		"string", "str", "signed", "unsigned", "auto", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64",
		"i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "usize", "isize", "f32", "f64", "size_t",
		"any", "object", "number", "null", "nil", "none", "true", "false":
		return false
	}
	return true
}

// occurs counts a word in a text.
func occurs(text string, word token) int {
	n := 0
	for i := 0; ; i += len(word) {
		j := strings.Index(text[i:], word)
		if j < 0 {
			return n
		}
		i += j
		if end := i + len(word); (i == 0 || !isWord(text[i-1])) && (end == len(text) || !isWord(text[end])) {
			n++
		}
	}
}

// spell is the text with its names changed.
func (r renaming) spell(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		t := text[:tokenLen(text)]
		text = text[len(t):]
		if to, ok := r[t]; ok {
			t = to
		}
		b.WriteString(t)
	}
	return b.String()
}

// provenRenamed holds a text against both sides under the old names, as proven does. No old name is left in it.
func provenRenamed(c *conflict, text string) bool {
	old := c.underOldNames()
	back := renaming{}
	for from, to := range old.names {
		back[to] = from
		if occurs(text, from) > 0 {
			return false
		}
	}
	return old.ok && proven(old.base, old.ours, old.theirs, back.spell(text))
}
