module github.com/git-swarm/git-swarm

go 1.26
