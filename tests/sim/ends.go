package main

// busy is one invocation.
type busy struct {
	at, service  float64
	lane, tenant int
}

type ends []busy

func (e ends) Len() int           { return len(e) }
func (e ends) Less(i, j int) bool { return e[i].at < e[j].at }
func (e ends) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *ends) Push(x any)        { *e = append(*e, x.(busy)) }
func (e *ends) Pop() any {
	last := len(*e) - 1
	b := (*e)[last]
	*e = (*e)[:last]
	return b
}
