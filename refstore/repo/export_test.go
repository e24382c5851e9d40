package repo

import "context"

// ScanKeys is scan for the tests outside: what it read as git config --list -z
// prints it.
func ScanKeys(data []byte) (list string, sure bool) {
	entries, sure := scan(data)
	return printed(entries), sure
}

// Printed is the configuration as git config --list -z prints it.
func (c *Config) Printed() string { return printed(c.entries) }

func printed(entries []entry) string {
	var out []byte
	for _, e := range entries {
		out = append(out, e.key...)
		if !e.bare {
			out = append(out, '\n')
			out = append(out, e.value...)
		}
		out = append(out, 0)
	}
	return string(out)
}

// ParseGitVersion is parseVersion.
func ParseGitVersion(text string) (Version, error) { return parseVersion(text) }

// CheckoutsHere and CheckoutsByGit are the two ways of Checkouts.
func (r *Repo) CheckoutsHere() ([]Checkout, error) { return r.checkoutsHere() }

func (r *Repo) CheckoutsByGit() ([]Checkout, error) { return r.checkoutsByGit(context.Background()) }
