extension GateError {
    /// What a client is told inside an answer that is cut; `nil` where the client is the one who left.
    public init?(_ cut: Entry.Cut) {
        switch cut {
        case .client: return nil
        case .upstream: self.init(.upstreamCut)
        case .shutdown: self.init(.shuttingDown)
        case .gate: self.init(.internalError)
        }
    }
}
