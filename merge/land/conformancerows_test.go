package land

// far makes a change that lies apart from the other side's, so that a text merge
// succeeds.
const (
	theirTop = "ed f.snap 1 theirs; c theirs"
	ourEnd   = "ed f.snap 9 ours; c ours"
	snap     = "seq 9 > f.snap; "
)

// conformance is the table of [TestConformance].
var conformance = []conformanceRow{
	{name: "plain"},
	{name: "plain conflict", theirs: "ed base 5 theirs; c theirs", ours: "ed base 5 ours; c ours", stops: true},
	{name: "conflict in the second commit", theirs: "ed base 5 theirs; c theirs", ours: "ed base 9 x; c first; ed base 5 ours; c second", stops: true},

	// Attributes that say how files merge, from each place that git reads.
	{name: "-merge", start: snap + `w .gitattributes '*.snap -merge\n'; c start`, theirs: theirTop, ours: ourEnd, stops: true},
	{name: "merge=binary", start: snap + `w .gitattributes '*.snap merge=binary\n'; c start`, theirs: theirTop, ours: ourEnd, stops: true},
	{name: "binary macro", start: snap + `w .gitattributes '*.snap binary\n'; c start`, theirs: theirTop, ours: ourEnd, stops: true},
	{name: "own macro", start: snap + `w .gitattributes '[attr]frozen -merge -diff\n*.snap frozen\n'; c start`, theirs: theirTop, ours: ourEnd, stops: true},
	{
		name: "attributes in a folder", start: `w d/e/.gitattributes '*.snap -merge\n'; seq 9 > d/e/f.snap; c start`,
		theirs: "ed d/e/f.snap 1 x; c theirs", ours: "ed d/e/f.snap 9 y; c ours", stops: true,
	},
	{
		name: "a folder's attributes over the top's", start: `w .gitattributes '*.snap -merge\n'; w d/.gitattributes '*.snap merge\n'; seq 9 > d/f.snap; c start`,
		theirs: "ed d/f.snap 1 x; c theirs", ours: "ed d/f.snap 9 y; c ours",
	},
	{name: "info/attributes", start: snap + "c start", config: `w "$(git rev-parse --git-path info/attributes)" '*.snap -merge\n'`, theirs: theirTop, ours: ourEnd, stops: true},
	{
		name: "core.attributesFile", start: snap + "c start", config: `w "$TOP/attributes" '*.snap -merge\n'; git config core.attributesFile "$TOP/attributes"`,
		theirs: theirTop, ours: ourEnd, stops: true,
	},
	{
		name: "core.attributesFile in the worktree", start: snap + `w conf/attributes '*.snap -merge\n'; c start`, config: `git config core.attributesFile conf/attributes`,
		theirs: theirTop, ours: ourEnd, stops: true,
	},
	{
		name: "info/attributes over the tree's", start: snap + `w .gitattributes '*.snap -merge\n'; c start`,
		config: `w "$(git rev-parse --git-path info/attributes)" '*.snap merge\n'`, theirs: theirTop, ours: ourEnd,
	},
	{name: "attributes that they added", start: snap + "c start", theirs: `w .gitattributes '*.snap -merge\n'; ` + theirTop, ours: ourEnd, stops: true},
	{name: "attributes that they removed", start: snap + `w .gitattributes '*.snap -merge\n'; c start`, theirs: "git rm -q .gitattributes; " + theirTop, ours: ourEnd},
	{name: "attributes that we added", start: snap + "c start", theirs: theirTop, ours: `w .gitattributes '*.snap -merge\n'; c attributes; ` + ourEnd, stops: true},
	{name: "attributes in conflict", start: `w .gitattributes 'a\nb\nc\n'; c start`, theirs: `w .gitattributes 'a\nx\nc\n'; c theirs`, ours: `w .gitattributes 'a\ny\nc\n'; c ours`, stops: true},
	{name: "merge=union", start: `w log 'a\n'; w .gitattributes 'log merge=union\n'; c start`, theirs: `w log 'a\nt\n'; c theirs`, ours: `w log 'a\no\n'; c ours`},
	{name: "merge.default", start: "w log 'a\\n'; c start", config: "git config merge.default union", theirs: `w log 'a\nt\n'; c theirs`, ours: `w log 'a\no\n'; c ours`},
	{
		name: "a driver", start: `w log 'a\n'; w .gitattributes 'log merge=mine\n'; c start`, config: `git config merge.mine.driver 'cat %B >> %A'`,
		theirs: `w log 'a\nt\n'; c theirs`, ours: `w log 'a\no\n'; c ours`,
	},
	{name: "a driver that refuses", start: snap + `w .gitattributes '*.snap merge=mine\n'; c start`, config: `git config merge.mine.driver false`, theirs: theirTop, ours: ourEnd, stops: true},
	{name: "a driver that is not set up", start: snap + `w .gitattributes '*.snap merge=mine\n'; c start`, theirs: theirTop, ours: ourEnd},
	{
		name: "a driver in the tree", start: `w log 'a\n'; w .gitattributes 'log merge=mine\n'; w tools/mine 'cat "$2" >> "$1"\n'; c start`,
		config: `git config merge.mine.driver 'sh ./tools/mine %A %B'`, theirs: `w log 'a\nt\n'; c theirs`, ours: `w log 'a\no\n'; c ours`,
	},
	{
		name: "a driver that reads another file", start: `w log 'a\n'; w note 'note\n'; w .gitattributes 'log merge=mine\n'; c start`,
		config: `git config merge.mine.driver 'cat note %B >> %A'`, theirs: `w log 'a\nt\n'; w note 'changed\n'; c theirs`, ours: `w log 'a\no\n'; c ours`,
	},
	{
		name: "conflict-marker-size", start: `w .gitattributes 'base conflict-marker-size=12\n'; c start`,
		theirs: "ed base 5 theirs; c theirs", ours: "ed base 5 ours; c ours", stops: true,
	},

	// Attributes that say what is in the worktree.
	{
		name: "eol=crlf", start: `w .gitattributes '*.txt eol=crlf\n'; w f.txt '1\r\n2\r\n3\r\n4\r\n5\r\n'; c start`,
		theirs: `ed f.txt 1 'one\r'; c theirs`, ours: `ed f.txt 5 'five\r'; c ours`,
	},
	{
		name: "text=auto and autocrlf", start: `w .gitattributes '* text=auto\n'; seq 9 > f.txt; c start`, config: "git config core.autocrlf true",
		theirs: "ed f.txt 1 one; c theirs", ours: "ed f.txt 9 nine; c ours",
	},
	{name: "CRLF in the repository", start: `w f.txt '1\r\n2\r\n3\r\n4\r\n5\r\n'; c start`, theirs: `ed f.txt 1 'one\r'; c theirs`, ours: `ed f.txt 5 'five\r'; c ours`},
	{name: "line ends changed by them", start: "seq 9 > f.txt; c start", theirs: `sed -i 's/$/\r/' f.txt; c theirs`, ours: "ed f.txt 9 nine; c ours", stops: true},
	{
		name: "merge.renormalize", start: `w f.txt '1\r\n2\r\n3\r\n4\r\n5\r\n'; c start`, config: "git config merge.renormalize true",
		theirs: `w .gitattributes '*.txt text\n'; git add --renormalize .; c theirs`, ours: `ed f.txt 5 'five\r'; c ours`,
	},
	{
		name: "working-tree-encoding", start: `w .gitattributes '*.u working-tree-encoding=UTF-16LE eol=lf\n'; seq 9 | iconv -t UTF-16LE > f.u; c start`,
		theirs: `seq 9 | sed 1s/.*/one/ | iconv -t UTF-16LE > f.u; c theirs`, ours: `seq 9 | sed 9s/.*/nine/ | iconv -t UTF-16LE > f.u; c ours`,
	},
	{name: "ident", start: `w .gitattributes '*.c ident\n'; w f.c '$Id$\n1\n2\n3\n4\n5\n6\n'; c start`, theirs: "ed f.c 3 two; c theirs", ours: "ed f.c 7 six; c ours"},
	{name: "filter", start: lfs + `w .gitattributes '*.big filter=fake\n'; seq 9 > f.big; c start`, theirs: "ed f.big 1 one; c theirs", ours: "seq 99 > g.big; c ours"},
	{
		name: "filter on a file of both", start: lfs + `w .gitattributes '*.big filter=fake -text\n'; seq 9 > f.big; c start`,
		theirs: "ed f.big 5 one; c theirs", ours: "ed f.big 5 nine; c ours", stops: true,
	},
	{
		name: "filter in the tree", start: `w tools/up 'tr a-z A-Z\n'; w tools/down 'tr A-Z a-z\n'; w .gitattributes '*.big filter=fake\n'; c start`,
		config: `git config filter.fake.clean 'sh tools/down'; git config filter.fake.smudge 'sh tools/up'; git config filter.fake.required true`,
		theirs: `w f.big 'THEIRS\n'; c theirs`, ours: `w g.big 'OURS\n'; c ours`,
	},
	{
		name: "filter on everything", config: `git config filter.fake.clean cat; git config filter.fake.smudge cat`,
		theirs: `w .gitattributes '* filter=fake\n'; c theirs`, ours: `w d/.gitattributes '*.x -merge\n'; c ours`,
	},

	// Renames, modes, links.
	{name: "rename", theirs: "ed base 1 one; c theirs", ours: "git mv base moved; c ours"},
	{name: "rename by them", theirs: "git mv base moved; c theirs", ours: "ed base 9 nine; c ours"},
	{name: "renamed by both", theirs: "git mv base here; c theirs", ours: "git mv base there; c ours", stops: true},
	{name: "deleted and changed", theirs: "git rm -q base; c theirs", ours: "ed base 9 nine; c ours", stops: true},
	{name: "added by both", theirs: "w new theirs; c theirs", ours: "w new ours; c ours", stops: true},
	{name: "added by both alike", theirs: "w new x; c theirs", ours: "w new x; w mine y; c ours"},
	{name: "folder renamed", start: "for i in 1 2 3; do w d/$i $i; done; c start", theirs: "git mv d e; c theirs", ours: "w d/4 4; c ours", stops: true},
	{
		name: "folder renamed, merge.directoryRenames=true", start: "for i in 1 2 3; do w d/$i $i; done; c start", config: "git config merge.directoryRenames true",
		theirs: "git mv d e; c theirs", ours: "w d/4 4; c ours",
	},
	{
		name: "folder renamed, merge.directoryRenames=false", start: "for i in 1 2 3; do w d/$i $i; done; c start", config: "git config merge.directoryRenames false",
		theirs: "git mv d e; c theirs", ours: "w d/4 4; c ours",
	},
	{
		name: "attributes in a renamed folder", start: `w d/.gitattributes '*.snap -merge\n'; seq 9 > d/f.snap; c start`,
		theirs: "git mv d e; ed e/f.snap 1 x; c theirs", ours: "ed d/f.snap 9 y; c ours", stops: true,
	},
	{name: "mode", theirs: "chmod +x base; c theirs", ours: "ed base 9 nine; c ours"},
	{name: "mode by both", theirs: "chmod +x base; ed base 1 one; c theirs", ours: "chmod +x base; ed base 9 nine; c ours"},
	{name: "core.fileMode=false", config: "git config core.fileMode false", theirs: "git update-index --chmod=+x base; git commit -qm theirs", ours: "ed base 9 nine; c ours"},
	{name: "symbolic links", start: "ln -s base link; c start", theirs: "ln -sf A link; c theirs", ours: "ln -s link other; c ours"},
	{name: "symbolic link in conflict", start: "ln -s base link; c start", theirs: "ln -sf A link; c theirs", ours: "ln -sf B link; c ours", stops: true},
	{name: "file for folder", start: "w d/x x; c start", theirs: "git rm -qr d; w d file; c theirs", ours: "ed base 9 nine; c ours"},
	{name: "names in two cases", config: "git config core.ignoreCase true", theirs: "w Readme theirs; c theirs", ours: "w README ours; c ours"},
	{name: "renamed in case", start: "seq 9 > Name; c start", config: "git config core.ignoreCase true", theirs: "git mv Name name; c theirs", ours: "ed Name 9 nine; git commit -qam ours"},

	// Submodules.
	{name: "submodule, ours behind", start: submodule, theirs: bump + "at c2", ours: bump + "at c1"},
	{name: "submodule, ours ahead", start: submodule, theirs: bump + "at c1", ours: bump + "at c2"},
	{name: "submodule, apart", start: submodule, theirs: bump + "at c1", ours: bump + "at other", stops: true},
	{
		name: "submodule, not checked out here", start: submodule, theirs: "git update-index --cacheinfo 160000,$(git -C $TOP/lib rev-parse c1),sub; git commit -qm theirs",
		ours: "git update-index --cacheinfo 160000,$(git -C $TOP/lib rev-parse c2),sub; git commit -qm ours", stops: true,
	},
	{name: "submodule that they removed", start: submodule, theirs: "git rm -q sub; c theirs", ours: "ed base 9 nine; git commit -qam ours"},
	{name: "submodule removed and moved on", start: submodule, theirs: "git rm -q sub; c theirs", ours: bump + "at c1", stops: true},
	{name: "submodule.recurse", start: submodule, config: "git config submodule.recurse true", theirs: bump + "at c1", ours: bump + "at c1; ed base 9 x; c ours"},

	// Configuration.
	{name: "merge.conflictStyle", config: "git config merge.conflictStyle zdiff3", theirs: "ed base 5 theirs; c theirs", ours: "ed base 5 ours; c ours", stops: true},
	{name: "merge.renames=false", config: "git config merge.renames false", theirs: "git mv base moved; c theirs", ours: "ed base 9 nine; c ours"},
	{name: "diff.renames=false", config: "git config diff.renames false", theirs: "git mv base moved; c theirs", ours: "ed base 9 nine; c ours"},
	{
		name: "diff.renameLimit", start: "for i in 1 2 3; do seq $i 30 > r$i; done; c start", config: "git config diff.renameLimit 1",
		theirs: "for i in 1 2 3; do git mv r$i q$i; ed q$i 1 x; done; c theirs", ours: "for i in 1 2 3; do ed r$i 9 y; done; c ours", stops: true,
	},
	{
		name: "merge.renameLimit", start: "for i in 1 2 3; do seq $i 30 > r$i; done; c start", config: "git config merge.renameLimit 1",
		theirs: "for i in 1 2 3; do git mv r$i q$i; ed q$i 1 x; done; c theirs", ours: "for i in 1 2 3; do ed r$i 9 y; done; c ours", stops: true,
	},
	{name: "diff.algorithm", config: "git config diff.algorithm patience"},
	{name: "core.symlinks=false", start: "ln -s base link; c start", config: "git config core.symlinks false", theirs: "ln -sf A link; c theirs"},
	{name: "core.eol", start: `w .gitattributes '* text\n'; seq 9 > f.txt; c start`, config: "git config core.eol crlf", theirs: "ed f.txt 1 one; c theirs", ours: "ed f.txt 9 nine; c ours"},
	{name: "rebase.forkPoint", config: "git config rebase.forkPoint true"},
	{name: "pull.twohead", config: "git config pull.twohead ours", theirs: "ed base 5 theirs; c theirs", ours: "ed base 5 ours; c ours"},
	{name: "rebase.autoSquash", config: "git config rebase.autoSquash true", ours: "w x 1; c one; w y 1; c two; w x 2; c 'fixup! one'"},
	{name: "rebase.autoStash", config: "git config rebase.autoStash true", dirt: "w A dirty"},
	{name: "rebase.updateRefs", config: "git config rebase.updateRefs true", ours: "w x 1; c one; git branch other; w y 1; c two"},
	{name: "rebase.missingCommitsCheck", config: "git config rebase.missingCommitsCheck error"},
	{name: "rebase.instructionFormat", config: "git config rebase.instructionFormat '%an: %s'"},
	{name: "rebase.stat", config: "git config rebase.stat true; git config rebase.abbreviateCommands true"},
	{name: "rerere", config: `git config rerere.enabled true
		git checkout -q -b there; ed base 5 theirs; c theirs; git checkout -q -b here HEAD~; ed base 5 ours; c ours
		git rebase there && exit 1; ed base 5 both; sed -i '/^<<<<<<</d;/^=======/d;/^>>>>>>>/d;/^ours$/d' base; git add base; git -c core.editor=true rebase --continue
		git checkout -q feat/A`, theirs: "ed base 5 theirs; c theirs", ours: "ed base 5 ours; c ours", stops: true},
	{
		name: "core.commentChar and commit.cleanup", config: "git config core.commentChar ';'; git config commit.cleanup strip",
		ours: `ed base 9 x; git add -A; git commit -q --cleanup=verbatim -m '# a line' -m '; another

and more' `,
	},
	{name: "i18n.commitEncoding", config: "git config i18n.commitEncoding ISO-8859-1", ours: `ed base 9 x; git add -A; printf 'caf\351' | git commit -q -F -`},
	{name: "author", ours: "ed base 9 x; git add -A; git commit -q --author 'Some One <one@example.com>' --date '2001-02-03 04:05:06 +0700' -m ours"},
	{
		name: "settings of the worktree", start: snap + "c start",
		config: `git config extensions.worktreeConfig true; w "$TOP/attributes" '*.snap -merge\n'; git config --worktree core.attributesFile "$TOP/attributes"`,
		theirs: theirTop, ours: ourEnd, stops: true,
	},
	{name: "core.splitIndex", config: "git config core.splitIndex true; git config core.untrackedCache true; git config index.version 4"},

	// Which commits.
	{name: "empty on purpose", ours: "git commit -q --allow-empty -m void; ed base 9 x; c ours"},
	{name: "becomes empty", theirs: "ed base 1 one; c theirs", ours: "ed base 1 one; w more x; c first; w more y; c ours"},
	{name: "becomes wholly empty", theirs: "ed base 1 one; ed base 9 x; c theirs", ours: "ed base 1 one; c first; ed base 9 x; c second"},
	{name: "cherry-picked", theirs: "ed base 1 one; c theirs; ed base 5 five; c more", ours: "ed base 1 one; c theirs; ed base 9 nine; c ours"},
	{name: "cherry-picked, then changed", theirs: "w n x; c n; w n y; c more", ours: "w n x; c n; ed base 9 nine; c ours"},
	{name: "reverted there", theirs: "git pull -q . feat/A; git revert --no-edit HEAD >/dev/null; c x || true", config: "ed base 9 nine; c shared", ours: "w z z; c ours"},
	{name: "merges", ours: "git checkout -q -b side; w s s; c side; git checkout -q feat/A; w m m; c mine; git merge -q --no-ff -m merge side"},
	{name: "rewound remote", start: "w gone x; c gone", theirs: "git reset -q --hard HEAD~; git push -q -f origin HEAD:main; ed base 1 one; c theirs"},
	{name: "nothing in common", theirs: "git checkout -q --orphan new; git rm -rqf .; w base x; c theirs; git branch -M feat/B; git push -q -f origin HEAD:main", ours: "w mine m; c ours", stops: true},
	{name: "their commit reverts ours", theirs: "git commit -q --allow-empty -m theirs", ours: "ed base 9 x; c one; git revert --no-edit HEAD >/dev/null; ed base 3 y; c two"},

	// What is in the worktree.
	{name: "uncommitted in the way", dirt: "ed base 5 dirty", refused: true},
	{name: "untracked in the way", theirs: "w new theirs; c theirs", dirt: "w new mine", refused: true},
	{name: "ignored in the way", start: "w .gitignore '*.o\\n'; c start", theirs: "w x.o theirs; git add -f x.o; c theirs", dirt: "w x.o mine"},
	{name: "untracked apart", dirt: "w other x"},
	{name: "sparse, cone", start: "w in/x 1; w out/x 1; c start", config: "git sparse-checkout set --cone in", theirs: "w in/x 2; w out/x 2; c theirs", ours: "w in/mine 1; git add in; git commit -qm ours"},
	{name: "sparse, patterns", start: "w in/x 1; w out/x 1; c start", config: "git sparse-checkout set --no-cone '/in/' '/base'", theirs: "w out/y 2; c theirs", ours: "w in/mine 1; git add in; git commit -qm ours"},
	{
		name: "sparse, attributes within", start: "w in/.gitattributes '*.snap -merge\\n'; seq 9 > in/f.snap; w out/x 1; c start", config: "git sparse-checkout set --cone in",
		theirs: "ed in/f.snap 1 x; c theirs", ours: "ed in/f.snap 9 y; git commit -qam ours", stops: true,
	},

	// Where the worktree is.
	{name: "a clone's own worktree", layout: `git clone -q "$TOP/hub.git" "$TOP/a"`},
	{name: "separate git dir", layout: `git clone -q --separate-git-dir "$TOP/elsewhere" "$TOP/hub.git" "$TOP/a"`},
	{name: "bare with worktrees", layout: `git clone -q --bare "$TOP/hub.git" "$TOP/b.git"; git -C "$TOP/b.git" config remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*'
		git -C "$TOP/b.git" fetch -q; git -C "$TOP/b.git" worktree add -q -b work "$TOP/a" origin/main`},
	{name: "a worktree in the repository", layout: `git worktree add -q -b work inner origin/main; ln -s app/inner "$TOP/a"`},
	{name: "a submodule's own worktree", layout: `git init -q "$TOP/super"; cd "$TOP/super"; git -c protocol.file.allow=always submodule --quiet add "$TOP/hub.git" sub; ln -s super/sub "$TOP/a"`},
	{name: "shallow", layout: `git clone -q --depth 1 "file://$TOP/hub.git" "$TOP/a"`},
	{
		name: "partial", start: snap + `w .gitattributes '*.snap -merge\n'; c start; git -C "$TOP/hub.git" config uploadpack.allowFilter true; git -C "$TOP/hub.git" config uploadpack.allowAnySHA1InWant true`,
		layout: `git clone -q --filter=blob:none "file://$TOP/hub.git" "$TOP/a"`, theirs: theirTop, ours: ourEnd, stops: true,
	},
	{
		name: "partial and sparse", start: `w in/x 1; w out/y 1; c start; git -C "$TOP/hub.git" config uploadpack.allowFilter true; git -C "$TOP/hub.git" config uploadpack.allowAnySHA1InWant true`,
		layout: `git clone -q --filter=blob:none --sparse "file://$TOP/hub.git" "$TOP/a"; git -C "$TOP/a" sparse-checkout set in`, theirs: "w out/y 2; c theirs", ours: "w in/x 2; c ours",
	},
	{name: "borrowed objects", layout: `git clone -q --shared "$TOP/hub.git" "$TOP/a"`},
}

// lfs is a filter that keeps a file's text in the git dir, and its name in the tree.
const lfs = `git config filter.fake.clean 'f=$(git rev-parse --git-common-dir)/t; cat > "$f.$$"; id=$(git hash-object -w "$f.$$"); rm "$f.$$"; echo "big $id"'
git config filter.fake.smudge 'read -r word id; if test "$word" = big; then git cat-file blob "$id"; else echo "$word $id"; cat; fi'
git config filter.fake.required true
`

// submodule makes a repository lib with commits start, c1, c2 on one line and other
// beside, and a submodule of it at start in sub. bump checks it out and commits one
// of the others.
const (
	submodule = `git init -q "$TOP/lib"; cd "$TOP/lib"
git commit -q --allow-empty -m start; git tag start; git commit -q --allow-empty -m c1; git tag c1; git commit -q --allow-empty -m c2; git tag c2
git checkout -q start; git commit -q --allow-empty -m other; git tag other; git checkout -q start; cd "$TOP/app"
git -c protocol.file.allow=always submodule --quiet add "$TOP/lib" sub; git -C sub checkout -q start; c start
`
	bump = `at() { git -c protocol.file.allow=always submodule --quiet update --init; git -C sub fetch -q --tags; git -C sub checkout -q "$1"; c "to $1"; }; `
)
