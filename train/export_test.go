package train

// SetBucketLen changes how many elements travel together, for nets of a test, which are small.
func SetBucketLen(n int) (restore func()) {
	before := bucketLen
	bucketLen = n
	return func() { bucketLen = before }
}
