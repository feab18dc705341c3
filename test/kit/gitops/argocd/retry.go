package argocd

import (
	"fmt"
	"time"
)

// Retried says how an operation is not the failed one tried again once, after the
// declared pause, and succeeding; "" when it is (Argo CD's documentation, "Automated
// Sync Policy" and "Sync Options", retry). An operation that started anew has no tries
// before it.
func Retried(failed, now Operation, declared time.Duration) string {
	switch pause := now.Finished.Sub(failed.Finished); {
	case declared <= 0:
		return "no pause is declared"
	case failed.Finished.IsZero():
		return "the first try did not end"
	case now.Phase != "Succeeded":
		return "the second try is " + now.Phase + ": " + now.Message
	case now.Retries != 1:
		return fmt.Sprintf("it was tried again %d times", now.Retries)
	case pause < declared:
		return fmt.Sprintf("it was tried again after %s, declared is %s", pause, declared)
	}
	return ""
}
