package reach

// Policy is what an endpoint's policy says on the whole. Who may do what is
// another engine's question; here it matters whether anything passes at all.
type Policy string

const (
	// PolicyOpen admits everybody to everything, as an endpoint without a policy does.
	PolicyOpen Policy = "open"
	// PolicyNarrow admits some principals, actions or resources.
	PolicyNarrow Policy = "narrowed"
	// PolicyClosed admits nothing.
	PolicyClosed Policy = "closed"
	// PolicyUnknown is one that only an apply will tell.
	PolicyUnknown Policy = "not known before an apply"
)
