package heal

import "testing"

// A name that one side renamed throughout the file, in lines that the other edited.
func TestRenamed(t *testing.T) {
	checkRules(t, []ruleCase{
		{
			name: "renamed throughout, and words beside it changed", rule: "renamed", path: "a.js",
			base: "old(a)\n//\n//\n//\n//\nx = old(b)\n", ours: "fresh(a)\n//\n//\n//\n//\nx = fresh(b)\n", theirs: "old(a)\n//\n//\n//\n//\nx = old(b, c)\n",
			want: "fresh(a)\n//\n//\n//\n//\nx = fresh(b, c)\n",
		},
		{
			name: "renamed throughout, and used anew in the line below", rule: "renamed", path: "a.js",
			base: "old = f()\n//\n//\n//\n//\nshow(old)\n", ours: "fresh = f()\n//\n//\n//\n//\nshow(fresh)\n", theirs: "old = f()\n//\n//\n//\n//\nshow(old)\nkeep(old)\n",
			want: "fresh = f()\n//\n//\n//\n//\nshow(fresh)\nkeep(fresh)\n",
		},
		{
			name: "each side renamed another name", rule: "renamed", path: "a.js",
			base: "a()\n//\n//\nb()\n//\n//\ng(a, b)\n", ours: "left()\n//\n//\nb()\n//\n//\ng(left, b)\n", theirs: "a()\n//\n//\nright()\n//\n//\ng(a, right)\n",
			want: "left()\n//\n//\nright()\n//\n//\ng(left, right)\n",
		},
		{
			name: "a name replaced in one place of two", why: Overlap, path: "a.js",
			base: "old(a)\n//\n//\n//\n//\nx = old(b)\n", ours: "old(a)\n//\n//\n//\n//\nx = fresh(b)\n", theirs: "old(a)\n//\n//\n//\n//\nx = old(b, c)\n",
		},
		{
			name: "renamed to a name that was there", why: Overlap, path: "a.js",
			base: "old(fresh)\n//\n//\n//\n//\nx = old(b)\n", ours: "fresh(fresh)\n//\n//\n//\n//\nx = fresh(b)\n", theirs: "old(fresh)\n//\n//\n//\n//\nx = old(b, c)\n",
		},
		{
			name: "renamed, and replaced in one place by the other side", why: Overlap, path: "a.js",
			base: "old(a)\n//\n//\n//\n//\nx = old(b)\n", ours: "fresh(a)\n//\n//\n//\n//\nx = fresh(b)\n", theirs: "old(a)\n//\n//\n//\n//\nx = other(b, c)\n",
		},
		{
			name: "a line with a renamed name taken out", level: Both, why: Overlap, path: "a.js",
			base: "old(a)\n//\n//\n//\n//\nx = old(b)\n", ours: "fresh(a)\n//\n//\n//\n//\nx = fresh(b)\n", theirs: "old(a)\n//\n//\n//\n//\n",
		},
		{
			name: "renamed, and the old name used anew where lines merge by themselves", why: Stale, path: "a.js",
			base: "old(a)\n//\n//\n//\n//\nx = old(b)\n", ours: "fresh(a)\n//\n//\n//\n//\nx = fresh(b)\n", theirs: "old(a)\n//\n//\nold(d)\n//\n//\nx = old(b, c)\n",
		},
		{
			name: "renamed, and used anew as a member of something", level: Both, why: Stale, path: "a.js",
			base: "old = f()\n//\n//\n//\n//\nshow(old)\n", ours: "fresh = f()\n//\n//\n//\n//\nshow(fresh)\n", theirs: "old = f()\n//\n//\n//\n//\nshow(old)\nkeep(book.old)\n",
		},
		{
			name: "renamed, and made a member of something in one place", why: Overlap, path: "a.js",
			base: "open(db);\nclose(db);\n", ours: "open(store);\nclose(store);\n", theirs: "open(x.db, 1);\nclose(db);\n",
		},
		{
			name: "renamed, and one of its family brought in beside it", level: Both, why: Overlap, path: "a.c",
			base: "buf_init(s)\n//\n//\n//\n//\nbuf_init(t)\n", ours: "str_init(s)\n//\n//\n//\n//\nstr_init(t)\n", theirs: "buf_init(s)\n//\n//\n//\n//\nbuf_puts(t)\nbuf_init(t)\n",
		},
		{
			name: "a type of the language replaced, and its value compared below", why: Overlap, path: "A.java",
			base: "f(short level) {\n//\n//\n//\n//\ng(short level) {\n", ours: "f(Level level) {\n//\n//\n//\n//\ng(Level level) {\n", theirs: "f(short level) {\n//\n//\n//\n//\ng(short level) {\nif (level == 0) stop()\n",
		},
	})
}
