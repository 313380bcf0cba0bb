internal import ClusterMesh
internal import MeshTLS

extension AgentStatus {
    /// The status as a program reads it. Names and order stay; more may be added. Times are in seconds, moments are texts of
    /// RFC 3339, what is not known is `null`, and stores are hexadecimal as etcd's tools write them.
    var json: JSONValue {
        .object([
            ("cluster", .text(cluster)),
            ("id", .number(Int64(clusterID))),
            ("ready", .flag(isReady)),
            ("obstacles", .list(obstacles.map { .text($0) })),
            ("initialStateComplete", .flag(isInitialStateComplete)),
            ("storeID", .text(hex(storeID))),
            ("revision", .number(revision.rawValue)),
            ("certificateExpiresAt", .moment(certificateExpiry)),
            ("rejectedLocalRecords", .number(rejectedLocalRecords)),
            ("followed", followed.map(\.json) ?? .null),
            ("peers", .list(peers.map(\.json))),
            ("peerFaults", .list(peerFaults.map(\.json))),
            (
                "conflicts",
                .object([
                    ("addresses", .number(conflicts.addresses)), ("podCIDRs", .number(conflicts.podCIDRs)),
                    ("examples", .list(conflicts.examples.map { .text($0) })),
                ])
            ),
        ])
    }
}

extension JSONValue {
    fileprivate static func optional(_ number: Int64?) -> JSONValue { number.map { .number($0) } ?? .null }

    fileprivate static func moment(_ seconds: Int64?) -> JSONValue {
        seconds.map { .text(UTCTime.rfc3339($0)) } ?? .null
    }

    fileprivate static func seconds(_ time: Duration?) -> JSONValue { time.map { .fraction($0.inSeconds) } ?? .null }
}

extension AgentStatus.Followed {
    fileprivate var json: JSONValue {
        .object([
            ("state", .text(state)), ("sinceSeconds", .seconds(since)), ("endpoint", .text(endpoint)),
            ("stalenessSeconds", .seconds(staleness)), ("lastError", .optional(lastError)),
        ])
    }
}

extension AgentStatus.PeerFault {
    fileprivate var json: JSONValue {
        .object([
            ("file", .text(file)), ("line", .optional(line)), ("key", .optional(key)), ("message", .text(message)),
            ("harmless", .flag(isHarmless)),
        ])
    }
}

extension AgentStatus.Peer {
    fileprivate var json: JSONValue {
        .object([
            ("cluster", .text(cluster)),
            ("id", .optional(id.map(Int64.init))),
            ("state", .text(state)),
            ("sinceSeconds", .seconds(since)),
            ("ready", .flag(isCurrent)),
            ("explanation", .text(explanation)),
            ("stalenessSeconds", .seconds(staleness)),
            ("lastError", .optional(lastError)),
            ("nextAttemptSeconds", .seconds(nextAttempt)),
            ("failures", .number(failures)),
            ("lastFailureSecondsAgo", .seconds(lastFailure)),
            ("connections", .number(connections)),
            ("synchronisations", .number(synchronisations)),
            ("endpoint", endpoint.isEmpty ? .null : .text(endpoint)),
            ("endpoints", .list(endpoints.map(\.json))),
            ("storeID", storeID == 0 ? .null : .text(hex(storeID))),
            ("revision", .number(revision.rawValue)),
            ("storeRevision", .number(storeRevision.rawValue)),
            ("lagRevisions", .number(lagRevisions)),
            ("lagSeconds", .seconds(lag)),
            ("heartbeatSecondsAgo", .seconds(heartbeatAge)),
            ("kinds", .object(kinds.map { ($0.name, $0.json) })),
            ("outdated", .number(outdated)),
            ("rejections", rejections.json),
            ("budget", budget.json),
            ("resyncs", .object(resyncs.map { ($0.cause, .number($0.count)) })),
            ("serviceExpirations", .number(serviceExpirations)),
            ("throttledSeconds", .seconds(throttled)),
            ("serverCertificateExpiresAt", .moment(serverCertificateExpiry)),
            ("clientCertificateExpiresAt", .moment(clientCertificateExpiry)),
            ("config", config.map(\.json) ?? .null),
            ("unsupported", .list(unsupported.map { .text($0) })),
        ])
    }
}

extension AgentStatus.Peer.Endpoint {
    fileprivate var json: JSONValue {
        .object([
            ("url", .text(url)), ("attempts", .number(attempts)), ("lastAttemptSecondsAgo", .seconds(lastAttempt)),
            ("lastError", .optional(lastError)),
        ])
    }
}

extension AgentStatus.Peer.Kind {
    fileprivate var json: JSONValue {
        .object([
            ("followed", .flag(isFollowed)), ("awaitingCanary", .flag(isAwaitingCanary)), ("synced", .flag(isSynced)),
            ("count", .number(count)),
        ])
    }
}

extension AgentStatus.Peer.Rejections {
    fileprivate var json: JSONValue {
        .object([
            ("total", .number(total)), ("current", .number(current)),
            (
                "examples",
                .list(
                    examples.map {
                        .object([
                            ("key", .text($0.key)), ("revision", .number($0.revision.rawValue)),
                            ("reason", .text($0.reason)),
                        ])
                    })
            ),
        ])
    }
}

extension AgentStatus.Peer.Budget {
    fileprivate var json: JSONValue {
        .object([
            ("keys", .number(keys)), ("maximumKeys", .number(maximumKeys)), ("bytes", .number(bytes)),
            ("maximumBytes", .number(maximumBytes)), ("refusals", .number(refusals)),
        ])
    }
}

extension AgentStatus.Peer.Config {
    fileprivate var json: JSONValue {
        .object([
            ("id", .number(Int64(id))), ("cached", .flag(isCached)), ("syncedCanaries", .flag(hasCanaries)),
            ("maxConnectedClusters", maximumClusters == 0 ? .null : .number(Int64(maximumClusters))),
            ("serviceExportsEnabled", exportsServices.map { .flag($0) } ?? .null),
            ("endpointSlicesExportMode", endpointSlices.isEmpty ? .null : .text(endpointSlices)),
        ])
    }
}
