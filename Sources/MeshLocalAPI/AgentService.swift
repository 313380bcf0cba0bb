internal import MeshCore
internal import MeshRPC
internal import MeshWatcher
internal import MeshWire

/// Answers the agent's own service, `clustermesh.v1.Agent`: Ready is for writers, Status for whoever may read something.
struct AgentService: Sendable {
    let agent: LocalAgent
    let roles: LocalRoles
    let limits: MessageLimits

    /// Adds the service's methods to a server's.
    func register(into handlers: inout RPCHandlers) {
        handlers.unary(RPCMethod(path: AgentMethods.ready)) { [self] context, bytes in
            try roles.admission(of: context.peer).checkWriter()
            try asEtcdError { () throws(WireMessageError) in
                try AgentCodec.decodeReadyRequest(bytes, limits: limits)
            }
            return RPCPayload(AgentCodec.encodeReadyAnswer(try agent.declareInitialStateComplete()))
        }
        handlers.unary(RPCMethod(path: AgentMethods.status)) { [self] context, bytes in
            if roles.admission(of: context.peer).readable.isEmpty { throw EtcdError.permissionDenied }
            try asEtcdError { () throws(WireMessageError) in
                try AgentCodec.decodeStatusRequest(bytes, limits: limits)
            }
            return RPCPayload(AgentCodec.encodeAnswer(agent.status()))
        }
    }
}
