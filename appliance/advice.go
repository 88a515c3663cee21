package appliance

// Advice is an error for a person: what happened, and what to do about it.
type Advice struct {
	What string
	Do   string
	Err  error // what it came from, or nil
}

func (a *Advice) Error() string { return a.What }

// Todo says what the person can do.
func (a *Advice) Todo() string { return a.Do }

func (a *Advice) Unwrap() error { return a.Err }

func withTodo(what, do string) error { return &Advice{What: what, Do: do} }
