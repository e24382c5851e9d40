package repo

// Partial reports whether this is a partial clone, in which objects may be missing that
// git fetches when it needs them. It needs the whole configuration.
func (r *Repo) Partial() (bool, error) {
	c, err := r.Config()
	if err != nil {
		return false, err
	}
	if _, set := c.Get("extensions.partialClone"); set { // as git before 2.24 has it
		return true, nil
	}
	for _, remote := range c.Subsections("remote", "promisor", "partialclonefilter") {
		promisor, err := c.Bool("remote."+remote+".promisor", false)
		if _, filter := c.Get("remote." + remote + ".partialCloneFilter"); promisor || filter || err != nil {
			return true, err
		}
	}
	return false, nil
}
