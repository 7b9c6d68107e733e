// Package lambdaenv puts a function of a local cloud into the conditions of an AWS Lambda execution environment: the
// user, the file system, the memory, the environment variables and the system calls that it would find there. What
// Lambda does was taken from AWS's documentation and from reports of people who ran into it; nothing here has been
// compared with a real account.
//
// A package that a local cloud deploys is a folder with three things, made by Pack: the launcher as `bootstrap`, what
// it has to know in lambda.json, and the function's own package in the folder task. The emulator starts the launcher,
// whose whole program is Main, and the launcher starts the function:
//
//	emulator ── bootstrap (launcher) ── init of a pid namespace (launcher) ── /var/task/bootstrap (function)
//
// Everything that a function has got is gone when one of the three ends, also by SIGKILL: the kernel ends a pid
// namespace with its init, and with it go the mounts, the loop device and the image of /tmp, which has no name. What
// may stay, an empty memory cgroup or a folder, Clean removes; each start and the end of the cloud call it.
//
// It needs Linux. Tests use the system call filter and the user alone (RestrictThread, UserID, GroupID).
package lambdaenv
