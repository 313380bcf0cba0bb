internal import BenchmarkSupport

extension [Figure] {
    /// What writers did.
    static func puts(_ result: WriterResult) -> [Figure] {
        var figures = [Figure("puts/s", result.rate, .perSecond)]
        figures += quantiles(of: result.latencies, "put", [0.5, 0.99])
        if result.failures > 0 { figures.append(Figure("failed puts", Double(result.failures), .count)) }
        return figures
    }

    /// What watchers were sent since `start`, and what it cost.
    static func events(_ result: WatchResult, since start: UInt64, _ cost: LoadCost) -> [Figure] {
        let events = Double(Swift.max(1, result.events))
        let seconds = Double(result.lastEventAt > start ? result.lastEventAt - start : 1) / 1e9
        var figures = [Figure("events/s", Double(result.events) / seconds, .perSecond)]
        figures += quantiles(of: result.latencies, "event", [0.5, 0.99])
        figures.append(Figure("event max", Double(result.latencies.maximum), .nanoseconds, isCompared: false))
        figures.append(Figure("events/message", result.eventsPerMessage, .count, isCompared: false))
        figures += cost.server(per: events, "event")
        figures.append(Figure("lost", Double(result.lost), .count, isCompared: false))
        if result.disordered > 0 {
            figures.append(Figure("again or late", Double(result.disordered), .count, isCompared: false))
        }
        if result.compacted > 0 {
            figures.append(Figure("told compacted", Double(result.compacted), .count, isCompared: false))
        }
        return figures
    }

    /// Quantiles of latencies, such as `put p50`.
    static func quantiles(of latencies: LatencyHistogram, _ what: String, _ shares: [Double]) -> [Figure] {
        shares.compactMap { share in
            latencies.quantile(share).map { Figure("\(what) p\(Int(share * 100))", Double($0), .nanoseconds) }
        }
    }

    /// The same figures with a word in front of their names.
    func prefixed(_ word: String) -> [Figure] {
        map { figure in
            var figure = figure
            figure.name = "\(word): \(figure.name)"
            return figure
        }
    }
}

extension LoadCost {
    /// The servers' processor time for each of so many things, their memory, and what the client took.
    func server(per count: Double, _ thing: String) -> [Figure] {
        var figures = [Figure("CPU/\(thing)", server * 1e9 / count, .nanoseconds)]
        if serverAndUpstream > server {
            figures.append(Figure("CPU/\(thing), with its etcd", serverAndUpstream * 1e9 / count, .nanoseconds))
        }
        figures.append(Figure("peak RSS", Double(peakResidentBytes), .bytes))
        figures.append(Figure("client CPU/\(thing)", client * 1e9 / count, .nanoseconds, isCompared: false))
        figures.append(Figure("server CPUs busy", serverAndUpstream / seconds, .count, isCompared: false))
        figures.append(Figure("client CPUs busy", client / seconds, .count, isCompared: false))
        figures.append(
            Figure("client's busiest thread", busiestClientThread / seconds, .times, isCompared: false))
        return figures
    }
}
