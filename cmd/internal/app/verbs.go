package app

// The headings of the help, in order.
const (
	groupStart  = "start"
	groupTalk   = "talk"
	groupClaim  = "claim"
	groupLand   = "land"
	groupGit    = "git, passed through"
	groupHealth = "look after"
)

var groups = []string{groupStart, groupTalk, groupClaim, groupTask, groupReview, groupLand, groupOversee, groupGit, groupHealth}

// verbs is the command table, in the order of the help.
func verbs() []*verb {
	return []*verb{
		initVerb(), statusVerb(), updateVerb(), demoVerb(),
		setupVerb(), startVerb(), promptVerb(), launchVerb(), retireVerb(),
		syncVerb(), mcpVerb(), contextAddVerb(), contextShowVerb(), contextVerb(), messageVerb(), inboxVerb(), replyVerb(),
		claimVerb(), claimsVerb(), unclaimVerb(),
		taskAddVerb(), taskListVerb(), taskShowVerb(), taskEditVerb(), taskTakeVerb(), taskGiveVerb(), taskDoneVerb(), taskFailVerb(),
		taskDropVerb(), taskReopenVerb(), taskGraphVerb(), taskImportVerb(), taskExportVerb(), taskLogVerb(), taskVerb(), runVerb(), poolWorkerVerb(), whyVerb(),
		reviewRequestVerb(), reviewListVerb(), reviewShowVerb(), reviewApproveVerb(), reviewRejectVerb(),
		reviewCommentVerb(), reviewWithdrawVerb(), reviewVerb(), mergeOKVerb(),
		commitVerb(), pushVerb(), pullVerb(), queueVerb(), conductVerb(), verifyVerb(), healVerb(), mergeDriverVerb(),
		orchestrateVerb(), dashboardVerb(), statuslineVerb(),
		gitStatusVerb(), gitDiffVerb(), gitLogVerb(),
		hubStatusVerb(), hubSyncVerb(), hubBringVerb(), joinVerb(), hubRepairVerb(), hubLeaveVerb(), hubVerb(), serverHookVerb(), doctorVerb(), fsckVerb(), uninitVerb(), completionVerb(), versionVerb(), helpVerb(), completeVerb(), hookVerb(),
	}
}
