/// How long a provider may take, in seconds, and how many connections are kept to it.
public struct DialSettings: Sendable {
    public var connectTime = 5.0
    /// From the request's last byte to the answer's head.
    public var headTime = 300.0
    /// Between two pieces of an answer; `nil` for as long as the provider likes.
    public var silenceTime: Double?
    /// From the call to the answer's end, for documents; streams have no such bound.
    public var wholeTime: Double?
    /// How long an unused connection is kept.
    public var idleTime = 30.0
    /// Unused connections kept for one origin on one worker; the oldest is closed for a newer one.
    public var idleConnections = 256

    /// Whether HTTP/2 is offered over TLS; a provider that does not want it gets HTTP/1.1.
    public var offersHTTP2 = false

    public init() {}

    /// For one question.
    /// - Parameters:
    ///   - connectTime: seconds for a connection.
    ///   - time: seconds for all of the answer.
    public init(connecting connectTime: Double, answering time: Double) {
        self.connectTime = connectTime
        headTime = time
        wholeTime = time
    }
}
