package repo

import "errors"

// trust asks git's permission if one of these paths belongs to somebody else,
// which safe.directory may allow.
func (f *finder) trust(paths ...string) error {
	pretend, sure := f.env.truth("GIT_TEST_ASSUME_DIFFERENT_OWNER", false)
	owned := sure && !pretend
	for _, path := range paths {
		owned = owned && ownedByUs(f.env, path)
	}
	if owned {
		return nil
	}
	return askGit(f.env, f.dir)
}

// trustBare asks git's permission to use a bare repository that nobody named, if
// safe.bareRepository is set. That setting counts in the system's and the user's
// own files only.
func (f *finder) trustBare() error {
	l := loader{env: f.env}
	err := l.shared()
	if err == nil {
		mode, set := (&Config{entries: l.entries}).Get("safe.bareRepository")
		if !set || mode == "all" {
			return nil
		}
		err = errUnsure
	}
	if errors.Is(err, errUnsure) {
		return askGit(f.env, f.dir)
	}
	return err
}
