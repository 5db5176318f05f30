/// The gate as the command starts it.
public enum Running {
    /// Where the doors ended up, for people and scripts that wait for it.
    public struct Doors: Sendable {
        /// As bound, so with the port that the system chose.
        public var listen: Configuration.Address
        public var admin: Configuration.Address
        /// Development mode's first token: `sub` is `dev-user`, valid 24 h.
        public var developmentToken: String?

        public init(listen: Configuration.Address, admin: Configuration.Address, developmentToken: String? = nil) {
            self.listen = listen
            self.admin = admin
            self.developmentToken = developmentToken
        }
    }

    /// Why the gate could not start. After it has started it ends by signals only.
    public enum Failure: Error, Sendable {
        /// Another program listens there.
        case inUse(Configuration.Address)
        /// The system does not let this user listen there.
        case notPermitted(Configuration.Address)
        /// Anything else; the reason comes from a closed list or from the system, never from a peer or a secret.
        case other(String)
    }

    /// Opens both doors, calls `whenReady` once they are open, and returns after a signal has ended the gate.
    public static func serve(
        _ configuration: Configuration,
        mode: Configuration.Mode,
        whenReady: @escaping @Sendable (Doors) -> Void
    ) async throws(Failure) {
        throw .other("the server is not part of this build")
    }

    /// The client for the command's own calls to a gate on this machine.
    public static func loopbackClient() -> any LoopbackClient {
        NoLoopbackClient()
    }
}

private struct NoLoopbackClient: LoopbackClient {
    func post(
        _ path: String,
        to door: LoopbackDoor,
        fields: [(name: String, value: String)],
        body: [UInt8],
        piece: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(LoopbackFailure) -> Int {
        throw .unreachable
    }
}
