// TestSupport: what the tests of several modules need, written once.
//
// Waiting with a deadline, random numbers that can be had again, throw-away certificates and directories, free ports,
// and child processes that never outlive the test run, among them a real etcd and its command-line client.
