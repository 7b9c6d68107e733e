// Package lambdaenv puts a function of a local cloud into the conditions of an AWS Lambda execution environment: the
// user, the file system, the memory, the environment variables and the system calls that it would find there. What
// Lambda does was taken from AWS's documentation and from reports of people who ran into it; nothing here has been
// compared with a real account.
//
// It needs Linux. Tests use the system call filter and the user alone (RestrictThread, UserID, GroupID).
package lambdaenv
