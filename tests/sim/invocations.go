package main

// invocation is a running invocation. at is its end.
type invocation struct {
	at, service  float64
	lane, tenant int
}

type endHeap []invocation

func (e endHeap) Len() int           { return len(e) }
func (e endHeap) Less(i, j int) bool { return e[i].at < e[j].at }
func (e endHeap) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *endHeap) Push(x any)        { *e = append(*e, x.(invocation)) }
func (e *endHeap) Pop() any {
	last := len(*e) - 1
	i := (*e)[last]
	*e = (*e)[:last]
	return i
}
