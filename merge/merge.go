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
	Safe Level = iota // rules that agree with people at least as often as people do with each other
	Wide              // also rules that are right less often; a person should look
	Off               // no rule: git's own line merge
)

// Result is the merged file.
type Result struct {
	Text      []byte
	Regions   []Region // where git sees a conflict, in order
	Conflicts int      // how many of them remain
}

// Heal merges ours and theirs, two versions of base.
func Heal(base, ours, theirs []byte, opts Options) Result {
	if r, ok := trivial(base, ours, theirs); ok {
		return r
	}
	f := newFiles(string(base), string(ours), string(theirs))
	hunks := f.hunks()
	var r Result
	for i := range hunks {
		if hunks[i].kind == conflict {
			hunks[i].region = len(r.Regions)
			r.Regions = append(r.Regions, Region{})
			r.Conflicts++
		}
	}
	switch opts.Style {
	case StyleMerge:
		hunks = f.refine(hunks)
	case StyleZDiff3:
		f.trimEnds(hunks)
	}
	w := writer{files: f, opts: opts}
	r.Text = w.write(hunks)
	return r
}

type Region struct{}

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
