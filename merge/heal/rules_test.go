package heal

import "testing"

// Each rule for lines and words that both sides changed in place, with what it heals, and beside it what looks alike
// and must be left.
func TestRules(t *testing.T) {
	checkRules(t, []ruleCase{
		{
			name: "spacing, but for a blank at the end", rule: "spacing",
			base: "a\nold name\nz\n", ours: "a\nnew name \nz\n", theirs: "a\nnew name\nz\n", want: "a\nnew name\nz\n",
		},
		{
			name: "spacing means something in Python", path: "a.py", level: Wide, why: Overlap,
			base: "if a:\n    f()\n", ours: "if a:\n        g()\n", theirs: "if a:\n  g()\n",
		},
		{
			name: "spacing means something in a string", level: Wide, why: Overlap,
			base: "x = \"a\"\n", ours: "x = \"b  c\"\n", theirs: "x = \"b c\"\n",
		},
		{
			name: "neighbours, both replaced", rule: "neighbours",
			base: "a\nb\n", ours: "a1x\nb\n", theirs: "a\nb2y\n", want: "a1x\nb2y\n",
		},
		{
			name: "neighbours, one deleted", rule: "neighbours",
			base: "k\na\nb\nz\n", ours: "k\nb\nz\n", theirs: "k\na\nbee\nz\n", want: "k\nbee\nz\n",
		},
		{
			name: "a deleted line that the other changed", level: Wide, why: Overlap,
			base: "k\nalpha beta\nz\n", ours: "k\nz\n", theirs: "k\nalpha gamma\nz\n",
		},
		{
			name: "neighbours, but one uses what the other renamed", why: Stale,
			base: "open(file)\nclose(x)\n", ours: "open(path)\nclose(x)\n", theirs: "open(file)\nclose(file)\n",
		},
		{
			name: "neighbours, but both bring in a word", why: Alike,
			base: "open(x)\nclose(y)\n", ours: "open(x, retry)\nclose(y)\n", theirs: "open(x)\nclose(retry)\n",
		},
		{
			name: "neighbours, but one changes the comment on what the other changes", why: Remark,
			base: "// the limit\nlimit(low)\n", ours: "// the upper limit\nlimit(low)\n", theirs: "// the limit\nlimit(high)\n",
		},
		{
			name: "neighbours, two comments", rule: "neighbours",
			base: "// one\n// two\n", ours: "// first\n// two\n", theirs: "// one\n// second\n", want: "// first\n// second\n",
		},
		{
			name: "one version, bumped alike, and one that only one side did", rule: "words", path: "package.json",
			base: "{\n \"a\": \"1.0.1\",\n \"b\": \"2.0.1\",\n \"c\": \"3.0.1\"\n}\n", ours: "{\n \"a\": \"1.0.1\",\n \"b\": \"2.0.1\",\n \"c\": \"3.0.2\"\n}\n",
			theirs: "{\n \"a\": \"1.0.1\",\n \"b\": \"2.0.2\",\n \"c\": \"3.0.2\"\n}\n", want: "{\n \"a\": \"1.0.1\",\n \"b\": \"2.0.2\",\n \"c\": \"3.0.2\"\n}\n",
		},
		{
			name: "one version, bumped alike, and one of each side's own", why: Versions, path: "package.json",
			base: "{\n \"a\": \"1.0.1\",\n \"b\": \"2.0.1\",\n \"c\": \"3.0.1\"\n}\n", ours: "{\n \"a\": \"1.0.2\",\n \"b\": \"2.0.1\",\n \"c\": \"3.0.2\"\n}\n",
			theirs: "{\n \"a\": \"1.0.1\",\n \"b\": \"2.0.2\",\n \"c\": \"3.0.2\"\n}\n",
		},
		{
			name: "bumps, each of a version of its own", rule: "bumps",
			base: "a = 1.0\nb = 2.0\n", ours: "a = 1.1\nb = 2.0\n", theirs: "a = 1.0\nb = 2.1\n", want: "a = 1.1\nb = 2.1\n",
		},
		{
			name: "bumps, but of packages that may go together", path: "Cargo.toml", why: Versions,
			base: "a = \"1.0\"\nb = \"2.0\"\n", ours: "a = \"1.1\"\nb = \"2.0\"\n", theirs: "a = \"1.0\"\nb = \"2.1\"\n",
		},
		{
			name: "bumps, but one side went through the list", why: Versions,
			base: "a = 1.0\nb = 1.0\nc = 1.0\nd = 1.0\ne = 1.0\n", ours: "a = 1.1\nb = 1.1\nc = 1.1\nd = 1.1\ne = 1.0\n",
			theirs: "a = 1.0\nb = 1.0\nc = 1.0\nd = 1.0\ne = 1.2\n",
		},
		{
			name: "touching, versions in TOML", level: Wide, path: "Cargo.toml", rule: "touching",
			base: "a = \"1.0\"\nb = \"2.0\"\n", ours: "a = \"1.1\"\nb = \"2.0\"\n", theirs: "a = \"1.0\"\nb = \"2.1\"\n",
			want: "a = \"1.1\"\nb = \"2.1\"\n",
		},
		{
			name: "one version, bumped twice", level: Wide, why: Overlap,
			base: "v 1.2.3\n", ours: "v 1.2.4\n", theirs: "v 1.3.0\n",
		},
		{
			name: "one date, changed twice", level: Wide, why: Overlap,
			base: "on 2024-01-02\n", ours: "on 2024-01-03\n", theirs: "on 2024-02-02\n",
		},
		{
			name: "words", rule: "words",
			base: "call(alpha, one, two, beta)\n", ours: "call(ALPHA, one, two, beta)\n", theirs: "call(alpha, one, two, BETA)\n",
			want: "call(ALPHA, one, two, BETA)\n",
		},
		{
			name: "near", level: Both, rule: "near",
			base: "f(alpha|beta)\n", ours: "f(gamma|beta)\n", theirs: "f(alpha|delta)\n", want: "f(gamma|delta)\n",
		},
		{
			name: "words too near", level: Wide, why: Overlap,
			base: "x = alpha + beta\n", ours: "x = gamma + beta\n", theirs: "x = alpha - beta\n",
		},
		{
			name: "added", rule: "added",
			base: "f(alpha, one, two, beta)\n", ours: "f(alpha, one, two, beta, more)\n", theirs: "f(ALPHA, one, two, beta)\n",
			want: "f(ALPHA, one, two, beta, more)\n",
		},
		{
			name: "lines that are added below words that changed are for wide", why: Overlap,
			base: "f(alpha, one, two, beta)\n", ours: "f(alpha, one, two, beta)\ng()\n", theirs: "f(ALPHA, one, two,\n  beta)\n",
		},
		{
			name: "additions", level: Wide, rule: "additions",
			base: "f(alpha, one, two, beta)\n", ours: "f(alpha, one, two, beta)\ng()\n", theirs: "f(ALPHA, one, two,\n  beta)\n",
			want: "f(ALPHA, one, two,\n  beta)\ng()\n",
		},
		{
			name: "words of which one side made more than the other are for wide", why: Overlap,
			base: "return nil\n", ours: "return fmt.Errorf(\"no %s\", name)\n", theirs: "return fmt.Errorf(\"no\")\n",
		},
		{
			name: "covered, one side made more of the same words", level: Wide, rule: "covered",
			base: "return nil\n", ours: "return errors.New(\"no\") // yet\n", theirs: "return errors.New(\"no\")\n",
			want: "return errors.New(\"no\") // yet\n",
		},
		{
			name: "contained, the same lines and one more", rule: "contained",
			base: "a\nz\n", ours: "a\nb()\nz\n", theirs: "a\nb()\nc()\nz\n", want: "a\nb()\nc()\nz\n",
		},
		{
			name: "contained, the same line in the place of one, and a line more", rule: "contained",
			base: "k\n- master\nz\n", ours: "k\n- main\n- next\nz\n", theirs: "k\n- main\nz\n", want: "k\n- main\n- next\nz\n",
		},
		{
			name: "contained, but in another order", level: Wide, why: Unproven,
			base: "assert(x == y)\n", ours: "equal(x, y)\n", theirs: "equal(y, x)\n",
		},
		{
			name: "contained, one side deletes more", rule: "contained",
			base: "k\na b c d\nz\n", ours: "k\na d\nz\n", theirs: "k\na c d\nz\n", want: "k\na d\nz\n",
		},
		{
			name: "covered, one side deletes more of many lines", level: Wide, rule: "covered",
			base: "k\na\nb\nc\nd\ne\nz\n", ours: "k\nz\n", theirs: "k\na\ne\nz\n", want: "k\nz\n",
		},
		{
			name: "many lines with numbers, one side brings in more", why: Overlap,
			base: "k\nz\n", ours: "k\na 1\nb 2\nc 3\nd 4\ne 5\nz\n", theirs: "k\na 1\nb 2\nd 4\nz\n",
		},
		{
			name: "respaced, a line comes in above one that the other indented", rule: "respaced",
			base: "k\n\treturn old\nz\n", ours: "k\n\tcheck()\n\treturn old\nz\n", theirs: "k\n\t\treturn old\nz\n",
			want: "k\n\t\tcheck()\n\t\treturn old\nz\n",
		},
		{
			name: "respaced, words change in lines that the other broke", rule: "respaced",
			base: "k\nf(a, b)\nz\n", ours: "k\nf(\n\ta,\n\tb,\n)\nz\n", theirs: "k\nf(a, bee)\nz\n", why: Overlap,
		},
		{
			name: "respaced, words change in lines that the other joined", rule: "respaced",
			base: "k\nf(a,\n  b)\nz\n", ours: "k\nf(a, b)\nz\n", theirs: "k\nf(a,\n  bee)\nz\n", want: "k\nf(a, bee)\nz\n",
		},
		{
			name: "both indent, each its way", level: Wide, path: "a.py", why: Overlap,
			base: "k\nf(a)\ng(b)\nz\n", ours: "k\n  f(a)\n  g(b)\nz\n", theirs: "k\n    f(a)\n    g(b)\nz\n",
		},
		{
			name: "a line comes in to the left of those that the other indented", level: Wide, why: Overlap,
			base: "k\n\treturn old\nz\n", ours: "k\n\treturn old\nlabel:\nz\n", theirs: "k\n\t\treturn old\nz\n",
		},
		{
			name: "words, in a line that one side indented", rule: "words",
			base: "k\ncall(alpha, one, two, beta)\nz\n", ours: "k\n\tcall(ALPHA, one, two, beta)\nz\n", theirs: "k\ncall(alpha, one, two, BETA)\nz\n",
			want: "k\n\tcall(ALPHA, one, two, BETA)\nz\n",
		},
		{
			name: "implied, the same words and more at several places", rule: "implied",
			base: "k\nset(name, \"a\")\nz\n", ours: "k\nx = set(ctx, name, \"a\", b)\nz\n", theirs: "k\nset(ctx, name, \"a\")\nz\n",
			want: "k\nx = set(ctx, name, \"a\", b)\nz\n",
		},
		{
			name: "one edit in one place may hold the other by chance", why: Overlap,
			base: "k\nz\n", ours: "k\na 1\nb 2\nc 3\nd 4\ne 5\nz\n", theirs: "k\nb 2\ne 5\nz\n",
		},
		{
			name: "additions, below a line that lost its end", level: Wide, rule: "additions",
			base: "k\n\tx := old(1)\n", ours: "k\n\tx := old(1)\n\tcheck()\n", theirs: "k\n\tx := fresh(1)",
			want: "k\n\tx := fresh(1)\n\tcheck()\n",
		},
	})
}
