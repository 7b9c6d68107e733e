package storetest

import (
	"reflect"
	"time"

	"pgregory.net/rapid"
)

// Any returns a generator of any T: every field, by reflection, so that one that is new in the domain and forgotten in
// a row is found. Moments are in UTC; numbers are what JSON can say.
func Any[T any]() *rapid.Generator[T] {
	return rapid.MakeCustom[T](rapid.MakeConfig{Types: map[reflect.Type]*rapid.Generator[any]{
		reflect.TypeFor[time.Time](): moment().AsAny(),
		reflect.TypeFor[float64]():   rapid.Float64Range(-1e12, 1e12).AsAny(),
	}})
}

// moment returns a generator of moments, the zero one among them.
func moment() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "zero") {
			return time.Time{}
		}
		return time.Unix(rapid.Int64Range(0, 1<<34).Draw(t, "seconds"), rapid.Int64Range(0, 1e9-1).Draw(t, "nanoseconds")).UTC()
	})
}
