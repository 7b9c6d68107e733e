package cloud

import "os"

// requestsVariable is an environment variable of the cloud's processes: the file to which they add the requests of
// functions. Functions don't get it (package lambdaenv).
const requestsVariable = "REQUESTS_FILE"

// requestsPath returns the path of that file: a line of JSON for each request (sluice_executor/requestlog).
func (c *Cloud) requestsPath() string { return c.dataPath("requests.jsonl") }

// recordingEnv returns the variable if SLUICE_RECORD asks for it.
func (c *Cloud) recordingEnv() []string {
	if os.Getenv("SLUICE_RECORD") == "" {
		return nil
	}
	return []string{requestsVariable + "=" + c.requestsPath()}
}
