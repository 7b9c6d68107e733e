// Package awsmodel checks requests to AWS against the service models that AWS publishes with botocore: required and
// unknown members, types, enums, lengths, ranges and patterns. Local clouds accept much that AWS rejects.
//
// It reads requests as they are sent, not the input structs of the SDK: these can't have an unknown member or a wrong
// type, serializers and middleware change what becomes of them, and nothing of them can be seen from outside of a
// function's process. So one check serves a client inside a test (Client) and what a local cloud has recorded
// (ReadRecords).
//
// The models are in build/botocore; `make tools` puts them there. A model does not say everything: limits of a whole
// request, and members of which one excludes another, are only in AWS's documentation. Botocore itself checks required
// members, types and lower bounds only, so that a pattern or an enum of a model may be out of date.
package awsmodel
