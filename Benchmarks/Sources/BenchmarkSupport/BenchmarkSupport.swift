// BenchmarkSupport: what several of the benchmark programs need, written once.
//
// Latencies and what they come to, medians over rounds, the one clock, and what the kernel says of a process. It knows
// neither servers nor scenarios, and imports nothing of the package that is measured.
