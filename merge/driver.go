package merge

import "github.com/git-swarm/git-swarm/refstore/repo"

// Driver is what the merge driver is called in git's configuration.
const Driver = "git-swarm"

// WithoutDriver are options for git under which conflicts are left, where the
// merge driver that git swarm has set up would heal them.
func WithoutDriver(r *repo.Repo) ([]string, error) {
	config, err := r.Config()
	if err != nil {
		return nil, err
	}
	if name, _ := config.Get("merge.default"); name != Driver {
		return nil, nil
	}
	return []string{"-c", "merge.default=text"}, nil
}
