package merge

import "os"

func landHere(id string) int { _ = os.Stdout; return 0 }
