package main

// checkCloudFront reports whether the account may have a CloudFront distribution. AWS verifies some new accounts first,
// and no API tells: until then it refuses the first distribution, and the whole stack is rolled back
// (https://github.com/aws-samples/aws-cdk-examples/issues/279).
func checkCloudFront(r requirements, a account) finding {
	f := finding{subject: "CloudFront"}
	switch {
	case r.noCDN:
		f.message = "no distribution is made (cdn=false): the function play serves videos"
	case a.distributionsErr != nil:
		f.severity, f.message = severityUnknown, a.distributionsErr.Error()
	case a.distributions == 0:
		f.severity, f.message = severityUnknown, "the account has no distribution; AWS refuses the first one of some new "+
			"accounts and tells only then, with \"Your account must be verified\", and the deployment is rolled back: ask "+
			"AWS Support to verify the account, or deploy with -c cdn=false"
	default:
		f.message = "the account has a distribution, so AWS has allowed one before"
	}
	return f
}
