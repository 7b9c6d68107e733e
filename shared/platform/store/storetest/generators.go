package storetest

import (
	"reflect"
	"time"

	"pgregory.net/rapid"
)

// AnyValue returns a generator of values of type T. It sets every field by reflection, so it finds a field that a row
// does not store yet. Times are in UTC; numbers are such as JSON can hold.
func AnyValue[T any]() *rapid.Generator[T] {
	return rapid.MakeCustom[T](rapid.MakeConfig{Types: map[reflect.Type]*rapid.Generator[any]{
		reflect.TypeFor[time.Time](): anyTime().AsAny(),
		reflect.TypeFor[float64]():   rapid.Float64Range(-1e12, 1e12).AsAny(),
	}})
}

// anyTime returns a generator of times. It also draws the zero time.
func anyTime() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "zero") {
			return time.Time{}
		}
		return time.Unix(rapid.Int64Range(0, 1<<34).Draw(t, "seconds"),
			rapid.Int64Range(0, 1e9-1).Draw(t, "nanoseconds")).UTC()
	})
}
