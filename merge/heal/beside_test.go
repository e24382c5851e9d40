package heal

import "testing"

// Lines that one side brought in next to lines that the other changed or took out.
func TestBeside(t *testing.T) {
	checkRules(t, []ruleCase{
		{
			name: "placed, beside a line in which words at the seam changed", level: Wide, rule: "placed",
			base: "k\nf(one, two, three, four)\nz\n", ours: "k\nf(one, two, three, four)\ng()\nz\n", theirs: "k\nh[p-q-r-s-t-u-v, three, four)\nz\n",
			want: "k\nh[p-q-r-s-t-u-v, three, four)\ng()\nz\n",
		},
		{
			name: "above", rule: "above",
			base: "k\n\treturn old\nz\n", ours: "k\n\tcheck()\n\treturn old\nz\n", theirs: "k\n\treturn fresh\nz\n",
			want: "k\n\tcheck()\n\treturn fresh\nz\n",
		},
		{
			name: "below is for wide", why: Overlap,
			base: "k\n\tx := old(1)\nz\n", ours: "k\n\tx := old(1)\n\tcheck()\nz\n", theirs: "k\n\tx := fresh(1)\nz\n",
		},
		{
			name: "beside", level: Wide, rule: "beside",
			base: "k\ndraw(left, top, red, 10)\nz\n", ours: "k\ndraw(left, top, red, 10)\ndraw(left, bottom, red, 30)\nz\n",
			theirs: "k\ndraw(left, top, red, 20)\nz\n", want: "k\ndraw(left, top, red, 20)\ndraw(left, bottom, red, 30)\nz\n",
		},
		{
			name: "above a line that the other rewrote", level: Wide, why: Overlap,
			base: "k\nalpha beta\nz\n", ours: "k\nnew()\nalpha beta\nz\n", theirs: "k\nquite another thing\nz\n",
		},
		{
			name: "placed, with a word that the file has often", level: Both, rule: "placed", path: "a.go",
			base: "f(ctx)\ng(ctx)\nh(ctx)\n\nrun()\nz\n", ours: "f(ctx)\ng(ctx)\nh(ctx)\n\nopen(ctx, 1)\nrun()\nz\n", theirs: "f(ctx)\ng(ctx)\nh(ctx)\n\nrun(ctx, a, b)\nz\n",
			want: "f(ctx)\ng(ctx)\nh(ctx)\n\nopen(ctx, 1)\nrun(ctx, a, b)\nz\n",
		},
		{
			name: "placed, with a word that is new", level: Both, why: Alike, path: "a.go",
			base: "f()\n\nrun()\nz\n", ours: "f()\n\nopen(ctx, 1)\nrun()\nz\n", theirs: "f()\n\nrun(ctx, a, b)\nz\n",
		},
		{
			name: "placed, and both give one thing a value", level: Both, why: Alike, path: "a.py",
			base: "limit\nlimit\nlimit\n\nrun(a)\nz\n", ours: "limit\nlimit\nlimit\n\nlimit = 3\nrun(a)\nz\n", theirs: "limit\nlimit\nlimit\n\nrun(a, limit=4, b)\nz\n",
		},
		{
			name: "cleared, below what went", rule: "cleared", path: "a.rs",
			base: "mod a;\nmod old;\nmod z;\n", ours: "mod a;\nmod z;\n", theirs: "mod a;\nmod old;\nmod parser;\nmod z;\n", want: "mod a;\nmod parser;\nmod z;\n",
		},
		{
			name: "cleared, above what went", rule: "cleared", path: "a.py",
			base: "a()\nreport(x)\n", ours: "a()\nif b:\n    c()\nreport(x)\n", theirs: "a()\n", want: "a()\nif b:\n    c()\n",
		},
		{
			name: "an insertion that uses what went for good", level: Both, why: Overlap, path: "a.js",
			base: "a()\nopen(file)\nz()\n", ours: "a()\nz()\n", theirs: "a()\nopen(file)\nif (ready) keep(file)\nz()\n",
		},
		{
			name: "an insertion that uses a variable that went, and that another function has", level: Both, why: Overlap, path: "a.js",
			base: "a()\nlet n = size()\nz()\n}\n//\n//\n//\n//\nf(n)\n", ours: "a()\nz()\n}\n//\n//\n//\n//\nf(n)\n", theirs: "a()\nlet n = size()\ncheck(n)\nz()\n}\n//\n//\n//\n//\nf(n)\n",
		},
		{
			name: "an insertion that looks like the line that went", level: Both, why: Overlap, path: "a.py",
			base: "a()\nlog(mode, name, size)\nz(mode, name, size, log)\n", ours: "a()\nz(mode, name, size, log)\n", theirs: "a()\nlog(mode, name, size)\nlog(mode, name, owner, size)\nz(mode, name, size, log)\n",
		},
		{
			name: "an insertion into a block that went", level: Both, why: Overlap, path: "a.py",
			base: "a()\nif x:\n    b()\nz()\n", ours: "a()\nz()\n", theirs: "a()\nif x:\n    b()\n    more()\nz()\n",
		},
		{
			name: "an insertion below a block that is unwrapped", level: Both, why: Overlap, path: "a.js",
			base: "a()\nif (x) {\nb()\n}\nz()\n", ours: "a()\nb()\n}\nz()\n", theirs: "a()\nq()\nif (x) {\nb()\n}\nz()\n",
		},
		{
			name: "a comment on a line that went", level: Both, why: Overlap, path: "a.go",
			base: "package a\n\nvar x = f()\n", ours: "package a\n\n", theirs: "package a\n\n// Keep this.\nvar x = f()\n",
		},
		{
			name: "placed, below a line changed in place", level: Both, rule: "placed", path: "a.py",
			base: "limit = 10\n", ours: "limit = 20\n", theirs: "limit = 10\nretry()\n", want: "limit = 20\nretry()\n",
		},
		{
			name: "placed, above a line of which the other made two", level: Both, rule: "placed", path: "a.js",
			base: "start(a)\n", ours: "start(b)\nwait(c)\n", theirs: "log.open()\nstart(a)\n", want: "log.open()\nstart(b)\nwait(c)\n",
		},
		{
			name: "an entry more of a list in which all were wrapped", level: Both, why: Overlap, path: "a.go",
			base: "{b2.Parse},\n{s3.Parse},\n", ours: "{wrap(b2.Parse)},\n{wrap(s3.Parse)},\n", theirs: "{b2.Parse},\n{s3.Parse},\n{smb.Config},\n",
		},
		{
			name: "a field more, where all others became private", level: Both, why: Overlap, path: "a.py",
			base: "self.a = a\nself.b = b\n", ours: "self._a = a\nself._b = b\n", theirs: "self.a = a\nself.b = b\nself.place = where\n",
		},
		{
			name: "a use of a name of which the type changed", level: Both, why: Overlap, path: "A.java",
			base: "State build(short level) {\n", ours: "State build(Level level) {\n", theirs: "State build(short level) {\nmock.when(level == 0)\n",
		},
		{
			name: "a use of a name that has the renamed word in it", level: Both, why: Overlap, path: "a.py",
			base: "if Q.bounded(e):\n", ours: "if Q.finite(e):\n", theirs: "stop(self.is_bounded)\nif Q.bounded(e):\n",
		},
		{
			name: "a package beside one of which the version changed", level: Both, why: Overlap, path: "Cargo.toml",
			base: "date = \"0.2\"\n", ours: "date = \"0.3\"\n", theirs: "date = \"0.2\"\nspec = { path = \"../spec\" }\n",
		},
	})
}
